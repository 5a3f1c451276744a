"""Names of folders that a project may lie below, and that programs read meaning into.

Each is one part of a path, or several with `/` between; all are valid names on Linux.
"""

from __future__ import annotations

HOSTILE_PATHS = (
    # Hive's partitions.
    "population=5", "x=1", "year=2026/month=11", "price=__HIVE_DEFAULT_PARTITION__", "=", "a=b=c",
    # Patterns.
    "*", "**", "a*b", "?", "a?b", "[a]", "[!a]", "a[b", "a]b", "{a,b}", "{", "a{1..3}",
    # Escapes.
    "\\", "a\\b", "a\\*b", "\\n", "a\\ b", "%", "%20", "a%2Fb", "100%", "%s", "%(name)s",
    # Parts of addresses.
    "#", "a#b", "a?b=c#d", "a&b", "file:", "s3:", "a:b", "a@b", "~", "~root", "a;b",
    # Quotes, blanks, options, variables.
    "'", "a'b", '"', 'a"b', "`a`", " ", " a ", "a  b", "a\tb", "a\nb", "-", "--help", "$HOME",
    "${table}", "$(id)", "!", "a|b", "<a>", "a,b", "...", "..a",
    # Letters.
    "Köln", "東京", "🏠", "a\u0301", "\u202eabc", "A" * 200,
)  # fmt: skip
