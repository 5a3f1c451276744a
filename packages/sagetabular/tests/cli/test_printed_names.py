"""Names of files are printed so that no terminal obeys them, and an error stays two lines."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagetabular.errors import UserError
from sagetabular.printing import printable

# What Unicode's "Trojan Source" list (UTR 36, CVE-2021-42574) has, and what terminals obey.
HOSTILE = [
    "\x1b[2J",
    "\r",
    "\n",
    "\x07",
    "\x9b31m",
    "\u202e",
    "\u2066",
    "\u200f",
    "\u2028",
    "\udcff",
]


@pytest.mark.parametrize("sign", HOSTILE, ids=ascii)
def test_a_file_of_a_hostile_name_is_an_error_of_two_lines(pipeline, example, sign):
    name = f"a{sign}b.json"
    rule, _ = pipeline("compile", "--compare", name).mistake
    assert name.encode("unicode_escape", "surrogatepass").decode() in rule


@pytest.mark.parametrize("sign", [each for each in HOSTILE if each != "\udcff"], ids=ascii)
def test_what_was_written_is_said_without_obeying_its_name(pipeline, sign):
    ended = pipeline("compile", "-o", f"a{sign}b")
    assert ended.code == 0
    assert ended.out.startswith(f"a{sign.encode('unicode_escape').decode()}b: ")
    assert ended.out.count("\n") == 1


@given(st.text())
def test_nothing_is_lost_and_nothing_is_obeyed(text):
    found = printable(text)
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in found)
    plain = [each for each in text if each.isprintable() or each == " "]
    assert "".join(plain) in found or len(plain) < len(text)
    assert len(str(UserError(text, text)).splitlines()) <= 2


@pytest.mark.parametrize("text", ["Köln.csv", "日本.csv", "😀", "a b", "e\u0301", "\u200d"])
def test_letters_of_any_alphabet_stay(text):
    assert printable(text) == text
