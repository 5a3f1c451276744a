"""Units and formats of times: Trino's names for them in DuckDB's."""

from __future__ import annotations

import re
from calendar import month_abbr, month_name
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from sagetabular.jobs.athena_sql.refusals import RefusalError, lake_refusal, shown
from sagetabular.jobs.athena_sql.trino import types as t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.jobs.athena_sql.trino.types import Type

UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
_NOT_OF_DATES = UNITS[:4]
# Unit → DuckDB's function that makes an interval, and how many of it.
INTERVALS = {
    "millisecond": ("to_milliseconds", 1), "second": ("to_seconds", 1), "minute": ("to_minutes", 1),
    "hour": ("to_hours", 1), "day": ("to_days", 1), "week": ("to_days", 7),
    "month": ("to_months", 1), "quarter": ("to_months", 3), "year": ("to_years", 1),
}  # fmt: skip
PARTS = {
    "YEAR": "year", "QUARTER": "quarter", "MONTH": "month", "WEEK": "week", "DAY": "day",
    "DAY_OF_MONTH": "day", "DAY_OF_WEEK": "isodow", "DOW": "isodow", "DAY_OF_YEAR": "dayofyear",
    "DOY": "dayofyear", "YEAR_OF_WEEK": "isoyear", "YOW": "isoyear", "HOUR": "hour",
    "MINUTE": "minute", "SECOND": "second",
}  # fmt: skip
# MySQL's letters, which date_format and date_parse use → strftime's.
_WRITTEN = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I",
    "I": "%I", "i": "%M", "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p",
    "r": "%I:%M:%S %p", "S": "%S", "s": "%S", "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G",
    "Y": "%Y", "y": "%y", "%": "%%",
}  # fmt: skip
_UP_TO_TWO = "[0-9]{1,2}"
_HALF = "(AM|PM|am|pm)"
_MONTHS = "|".join(
    name
    for month in (*month_name[1:], *month_abbr[1:])
    for name in (month, month.lower(), month.upper())
)
# Letter → strptime's, and what text Joda reads by it; both are read by both engines.
_READ = {
    "b": ("%b", f"({_MONTHS})"), "c": ("%m", _UP_TO_TWO), "d": ("%d", _UP_TO_TWO),
    "e": ("%d", _UP_TO_TWO), "H": ("%H", _UP_TO_TWO), "h": ("%I", _UP_TO_TWO),
    "I": ("%I", _UP_TO_TWO), "i": ("%M", _UP_TO_TWO), "k": ("%H", _UP_TO_TWO),
    "l": ("%I", _UP_TO_TWO), "M": ("%b", f"({_MONTHS})"), "m": ("%m", _UP_TO_TWO),
    "p": ("%p", _HALF), "r": ("%I:%M:%S %p", ":".join([_UP_TO_TWO] * 3) + f" {_HALF}"),
    "S": ("%S", _UP_TO_TWO), "s": ("%S", _UP_TO_TWO),
    "T": ("%H:%M:%S", ":".join([_UP_TO_TWO] * 3)), "Y": ("%Y", "[0-9]{1,4}"),
    "y": ("%y", "[0-9]{2}"), "%": ("%%", "%"),
}  # fmt: skip


def unit_of(node: exp.Expr, unit: exp.Expr, *kinds: Type) -> str:
    """Return the unit that a function of times is given.

    Args:
        node: The call.
        unit: Its first argument.
        kinds: The types of the times.

    Raises:
        RefusalError: Trino has no such unit, dates have none, or it is no literal.
    """
    if not (isinstance(unit, exp.Literal) and unit.is_string):
        raise lake_refusal(
            f"a unit must be a text in quotes, got {shown(node)}.", "Write 'day'.", node
        )
    name = unit.name.lower()
    if name not in UNITS:
        raise RefusalError(
            f"a unit must be one of {', '.join(UNITS)}, got {unit.name!r}.", "Correct it.", node
        )
    if name in _NOT_OF_DATES and all(kind.this == t.Kind.DATE for kind in kinds):
        raise RefusalError(
            f"a date has no {name}s, got {shown(node)}.", "CAST it to timestamp first.", node
        )
    return name


@dataclass(frozen=True)
class Reading:
    """How a text is read as a time.

    Attributes:
        formats: Those of strptime, of which one fits; they are for texts in lower case.
        pattern: What Trino reads: DuckDB also takes blanks that the format does not have.
        short_year: Whether the year has two digits.
    """

    formats: tuple[str, ...]
    pattern: str
    short_year: bool


def strftime_format(node: exp.Expr, given: exp.Expr) -> exp.Expr:
    """Return a format of MySQL's as one of strftime's.

    Args:
        node: The call, for errors.
        given: The format.

    Raises:
        RefusalError: It is no literal, or has a letter that DuckDB has no equal of.
    """
    parts = _parts(node, given, _WRITTEN)
    return exp.Literal.string("".join(_WRITTEN[part[1]] if part[1:] else part for part in parts))


def reading(node: exp.Expr, given: exp.Expr) -> Reading:
    """Return how a text is read by a format of MySQL's.

    Sources: the letters are those of Trino's `DateTimeFunctions`; which texts they take, and years
    of two digits (1970 to 2069), of Joda's `DateTimeFormatterBuilder`, which Trino calls.

    Raises:
        RefusalError: It is no literal, has a letter that DuckDB reads otherwise, or no year.
    """
    parts = _parts(node, given, _READ)
    letters = {part[1] for part in parts if part[1:]}
    _check_parts(node, letters)
    read = "".join(_READ[part[1]][0] if part[1:] else part.lower() for part in parts)
    pattern = "".join(_READ[part[1]][1] if part[1:] else _either_case(part) for part in parts)
    plain = read.lstrip()  # DuckDB skips blanks before it looks for them
    formats = dict.fromkeys((plain, plain.replace("%b", "%B")))
    return Reading(tuple(formats), pattern, "y" in letters)


def _parts(node: exp.Expr, given: exp.Expr, letters: Mapping[str, object]) -> list[str]:
    """Return the parts of a format: a `%` with its letter, or one character."""
    if not (isinstance(given, exp.Literal) and given.is_string):
        raise lake_refusal(
            f"a format must be a text in quotes, got {shown(node)}.", "Write '%Y-%m-%d'.", node
        )
    parts = re.findall(r"%.?|[^%]", given.name, flags=re.DOTALL)
    for part in parts:
        if part[0] == "%" and part[1:] not in letters:
            raise lake_refusal(
                f"the local lake has no {part} in a format, got {shown(node)}.",
                f"Use {', '.join('%' + each for each in letters)}.",
                node,
            )
    return parts


def _check_parts(node: exp.Expr, letters: set[str]) -> None:
    """Refuse formats for which the engines fill in different parts of a time."""
    if not letters & {"Y", "y"}:
        raise lake_refusal(
            f"the local lake reads no time without a year, got {shown(node)}.",
            "Put a year before the text, and %Y before the format.",
            node,
        )
    if bool(letters & {"h", "I", "l"}) != ("p" in letters):
        raise lake_refusal(
            f"the local lake reads %h, %I and %l with %p alone, got {shown(node)}.",
            "Write %H for the hours of a day, without %p.",
            node,
        )


def _either_case(character: str) -> str:
    """Return the pattern of a character in capitals or not, as Joda reads it."""
    cases = dict.fromkeys((character.lower(), character.upper()))
    return f"({'|'.join(map(re.escape, cases))})" if len(cases) > 1 else re.escape(character)
