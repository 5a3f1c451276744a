"""Units and formats of times: Trino's names for them in DuckDB's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from sagetabular.jobs.athena_sql.refusals import RefusalError, lake_refusal, shown
from sagetabular.jobs.athena_sql.trino import types as t

if TYPE_CHECKING:
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
# Those whose texts both engines read in the same way.
_READ = {
    "b": "%b", "c": "%m", "d": "%d", "e": "%d", "H": "%H", "i": "%M", "k": "%H", "M": "%B",
    "m": "%m", "S": "%S", "s": "%S", "T": "%H:%M:%S", "Y": "%Y", "%": "%%",
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


def strftime_format(node: exp.Expr, given: exp.Expr, *, reads: bool) -> exp.Expr:
    """Return a format of MySQL's as one of strftime's.

    Args:
        node: The call, for errors.
        given: The format.
        reads: Whether texts are read by it, and not written.

    Raises:
        RefusalError: It is no literal, or has a letter that DuckDB has no equal of.
    """
    if not (isinstance(given, exp.Literal) and given.is_string):
        raise lake_refusal(
            f"a format must be a text in quotes, got {shown(node)}.", "Write '%Y-%m-%d'.", node
        )
    letters = _READ if reads else _WRITTEN

    def letter(match: re.Match[str]) -> str:
        if match[1] not in letters:
            raise lake_refusal(
                f"the local lake has no %{match[1]} in a format, got {shown(node)}.",
                f"Use {', '.join('%' + each for each in letters)}.",
                node,
            )
        return letters[match[1]]

    return exp.Literal.string(re.sub(r"%(.)", letter, given.name, flags=re.DOTALL))
