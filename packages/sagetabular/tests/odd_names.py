"""Names of folders that mean something to somebody: URLs, globs, shells, SQL, Hive, humans.

All are valid on Linux.
"""

from __future__ import annotations

SIGNS = [
    *("?", "#", "%", "\\", "*", "[a]", "[!a]", "{a,b}", "'", '"', "`", " ", "\t", "\n", "\r"),
    *("=", "&", "+", ";", ":", "@", "$", "|", "<", ">", "~", "^", "!", ",", "(", ")", "\x1b[31m"),
    *("[", "]", "{", "\\*", "\\ ", "  "),
]
WORDS = [
    *("population=5", "year=2026", "a=b=c", "price=__HIVE_DEFAULT_PARTITION__", "a?b=c#d"),
    *("%3F", "%20", "%2F", "%zz", "%00", "100%", "%s", "%(name)s", "$HOME", "${table}", "$(id)"),
    *("`id`", "-rf", "--option", "file:", "s3:", "sqlite:", "C:", "..a", "a..", "...", ".hidden"),
    *("~", "~root", "**", "?", "*", "=", "\\", "\\n", "#", "''", "';--", '"; DROP', "a{1..3}"),
    *("{0}", "{{x}}", " ", " a ", "-", "!", "x" * 120),
]
LETTERS = ["Köln", "Ko\u0308ln", "日本", "😀", "\u202egnp.exe", "ß ẞ", "\u00a0"]
# Most of it in one name.
EVERYTHING = "a?b#c%3Fd\\e*[f]'g\"h i=j;k&l+Kö{m}$n\n"
NAMES = [*(f"a{sign}b" for sign in SIGNS), *WORDS, *LETTERS, EVERYTHING]
