"""How people write numbers: with a decimal comma, thousands separators, or a unit."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sagetabular.reading.values import BLANKS, BOOLEANS, Marks, number

if TYPE_CHECKING:
    from collections.abc import Iterable

BLANKS_AROUND = f"{BLANKS}\u2009\u202f"
"""The characters around a number, or before its unit, that do not count."""
# What separates thousands, and the characters that people take for it.
_SEPARATORS = {",": ",", ".": r"\.", " ": " \u00a0\u2009\u202f", "'": "'\u2019"}
THOUSANDS = tuple(_SEPARATORS)
"""The thousands separators that can be read; a blank stands for all kinds of blanks."""
_NAMES = {",": "a comma", ".": "a point", " ": "a blank", "'": "an apostrophe"}
# Digits with all that may separate them, between what may be a unit.
_PARTS = re.compile(
    r"(?P<before>(?:[^0-9.,+-]|(?<=[A-Za-z])\.)*)"
    r"(?P<number>[+-]?[.,]?[0-9](?:[0-9.,'\u2019 \u00a0\u2009\u202f]*[0-9])?\.?"
    r"(?:[eE][+-]?[0-9]+)?)"
    r"(?P<after>[^0-9]*)"
)
_CODES = frozenset(
    (
        *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS"),
        *("INR", "JPY", "KRW", "MXN", "NOK", "NZD", "PLN", "RUB", "SEK", "SGD", "THB", "TRY"),
        *("USD", "ZAR", "Rs", "Rs.", "kr", "kr.", "Fr", "Fr."),
    )
)
_LONGEST_UNIT = 20
_NO_MARKS = Marks()


@dataclass(frozen=True)
class Notation:
    """The way in which the numbers of a column are written.

    Attributes:
        decimal: What stands before the fraction: a point or a comma.
        thousands: What separates groups of three digits, one of `THOUSANDS`; None for nothing.
        unit: The text that may stand before or behind a number, such as `€`, `km` or `%`.
    """

    decimal: str = "."
    thousands: str | None = None
    unit: str | None = None

    @property
    def is_plain(self) -> bool:
        """Return whether a number is written as `values.number` reads it."""
        return self == PLAIN

    @property
    def rule(self) -> str:
        """Return what a column of such numbers holds, as errors describe it."""
        parts = ["with a decimal comma" if self.decimal == "," else "with a decimal point"]
        if self.thousands is None:
            parts.append("no thousands separators")
        else:
            parts.append(f"{_NAMES[self.thousands]} between thousands")
        if self.unit is not None:
            parts.append(f"the unit {self.unit!r} or none")
        return f"numbers ({', '.join(parts)})"

    @cached_property
    def pattern(self) -> str:
        """Return the regular expression of a number without its unit; RE2 reads it too."""
        decimal, whole = re.escape(self.decimal), "[0-9]+"
        if self.thousands is not None:
            whole = f"[1-9][0-9]{{0,2}}(?:[{self.separators}][0-9]{{3}})+|{whole}"
        number = f"(?:{whole})(?:{decimal}[0-9]*)?|{decimal}[0-9]+"
        return f"[+-]?(?:{number})(?:[eE][+-]?[0-9]+)?"

    @property
    def separators(self) -> str:
        """Return the characters that may separate thousands, as they stand in a class."""
        return "" if self.thousands is None else _SEPARATORS[self.thousands]

    def plain(self, text: str) -> str:
        """Return a number in plain decimal notation.

        Args:
            text: A cell that is not missing.

        Raises:
            ValueError: It is no number in this notation, or has another unit.

        Examples:
            >>> Notation(",", ".", "€").plain("-1.234,5 €")
            '-1234.5'
        """
        stripped = text.strip(BLANKS_AROUND)
        if stripped in BOOLEANS:
            return stripped
        number = self._without_unit(stripped)
        if not re.fullmatch(self.pattern, number):
            raise ValueError(text)
        if self.thousands is not None:
            number = re.sub(f"[{self.separators}]", "", number)
        return number.replace(self.decimal, ".")

    def _without_unit(self, text: str) -> str:
        if self.unit is None:
            return text
        sign = text[:1] if text[:1] in ("+", "-") else ""
        rest = text[len(sign) :]
        if rest.lstrip(BLANKS_AROUND).startswith(self.unit):
            return sign + rest.lstrip(BLANKS_AROUND).removeprefix(self.unit).lstrip(BLANKS_AROUND)
        return sign + (rest.removesuffix(self.unit).rstrip(BLANKS_AROUND))


PLAIN = Notation()
"""Numbers as programs write them."""


def number_in(value: object, marks: Marks, notation: Notation) -> float:
    """Return the number that a cell holds, as `values.number` does.

    Args:
        value: Text in the notation, a number, true or false, or None.
        marks: What is missing.
        notation: How text is written.

    Raises:
        ValueError: It is no number in this notation.
        OverflowError: It is too large.
    """
    if isinstance(value, str) and not notation.is_plain:
        return math.nan if value in marks else number(notation.plain(value), marks)
    return number(value, marks)


def split_unit(text: str) -> tuple[str, str] | None:
    """Return the number and the unit of a cell, both as written; None if it is no such thing.

    Examples:
        >>> split_unit("12,5 km"), split_unit("$1,200"), split_unit("A 7")
        (('12,5', 'km'), ('1,200', '$'), None)
    """
    stripped = text.strip(BLANKS_AROUND)
    sign = stripped[:1] if stripped[:1] in ("+", "-") else ""
    found = _PARTS.fullmatch(stripped[len(sign) :])
    if found is None:
        return None
    before, after = found["before"].strip(BLANKS_AROUND), found["after"].strip(BLANKS_AROUND)
    unit = before or after
    if after and found["number"].endswith("."):
        return None
    fits = not (before and after) and (not before or _is_currency(before)) and _may_be_unit(unit)
    return (sign + found["number"], unit) if fits else None


def unit_of(cells: Iterable[str | None], marks: Marks = _NO_MARKS) -> str | None:
    """Return the unit that all numbers of a column carry.

    Args:
        cells: A column of text, of any length.
        marks: What is missing.

    Returns:
        Such as `km`, `€` or `%`; None if there is none, or several, or not in all cells.
    """
    units = set()
    for cell in cells:
        if cell is not None and cell not in marks:
            parts = split_unit(cell)
            units.add(parts[1] if parts else "")
            if len(units) > 1 or "" in units:
                return None
    return units.pop() if units else None


def _is_currency(text: str) -> bool:
    """Return whether a text is a sign or code of a currency: only these stand before a number."""
    return text in _CODES or any(unicodedata.category(each) == "Sc" for each in text[-1:])


def _may_be_unit(text: str) -> bool:
    """Return whether a text behind a number may be its unit; the empty text may."""
    if not text:
        return True
    first = text[0]
    return len(text) <= _LONGEST_UNIT and (first.isalpha() or first in "%‰°/" or _is_currency(text))
