"""What a column holds, by its cells alone: numbers, categories, times, or nothing of these."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as arrow_types

from sagetabular.reading.dialect import PLAIN, Dialect
from sagetabular.reading.notation import Notation, unit_of
from sagetabular.reading.times import date_formats, is_iso
from sagetabular.reading.values import BLANKS, BOOLEANS, LARGEST, is_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sagetabular.reading.values import Marks
    from sagetabular.starting.tables.sources import SourceColumn

Type = Literal["number", "category", "time"]

_LEADING_ZERO = re.compile(r"[+-]?0[0-9]+")
# What people write among numbers where there is none, in lower case.
_NO_VALUE = frozenset(
    (
        *("unknown", "missing", "n.a.", "na.", "n.d.", "nd", "nil", "no data", "not available"),
        *("not reported", "undefined", "x", "#div/0!", "#value!", "#ref!"),
    )
)
_MOST_MARKS = 3
# Two numbers, or a year.
_MAY_BE_DATE = re.compile("[0-9][^0-9]+[0-9]|[0-9]{4}")


@dataclass(frozen=True)
class Found:
    """What a column holds.

    Attributes:
        type: As `data.columns` declares it; None if nothing there can be.
        why: The reason, where it is not plain.
        values: Different values, with how many rows have each; missing ones are not among them.
        rows: Rows with and without a value.
        numeric: The same values as numbers, for a column of numbers.
        marks: Texts that mean a missing value here and nowhere else.
        formats: If these are dates in other forms than ISO 8601: the formats that fit.
        unit: What follows or precedes each number.
        absent: The texts there that mean a missing value by themselves, such as `None`.
    """

    type: Type | None
    why: str = ""
    values: Mapping[Any, int] = field(default_factory=dict, repr=False)
    rows: int = 0
    numeric: Sequence[float] = field(default=(), repr=False)
    marks: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    unit: str | None = None
    absent: tuple[str, ...] = ()

    @property
    def present(self) -> int:
        """Return the number of rows that have a value."""
        return sum(self.values.values())

    @property
    def distinct(self) -> int:
        """Return the number of different values."""
        return len(self.values)

    @property
    def whole(self) -> bool:
        """Return whether it holds whole numbers alone."""
        return bool(self.numeric) and all(float(value).is_integer() for value in self.numeric)


def find(column: SourceColumn, marks: Marks, dialect: Dialect = PLAIN) -> Found:
    """Return what a column holds.

    Args:
        column: The column.
        marks: What is missing.
        dialect: How numbers are written in text.
    """
    cells = column.cells
    encoded = arrow_types.is_dictionary(cells.type)
    if encoded:
        cells = cells.cast(cells.type.value_type)
    kind = cells.type
    if arrow_types.is_string(kind) or arrow_types.is_large_string(kind):
        return _of_cells(cells, marks, dialect, encoded=encoded)
    if arrow_types.is_boolean(kind):
        return Found("category", "true or false", _counts(cells, marks), len(cells))
    if arrow_types.is_timestamp(kind) or arrow_types.is_date(kind):
        return Found("time", "", _counts(cells, marks), len(cells))
    if arrow_types.is_null(kind):
        return Found("number", rows=len(cells))
    if (
        arrow_types.is_integer(kind)
        or arrow_types.is_floating(kind)
        or arrow_types.is_decimal(kind)
    ):
        counts = _counts(cells, marks)
        return (_as_category if encoded else _of_numbers)(counts, len(cells))
    return Found(None, f"holds {kind}", rows=len(cells))


def _of_cells(cells: pa.ChunkedArray, marks: Marks, dialect: Dialect, *, encoded: bool) -> Found:
    """Return what texts are: blanks around them count in categories, and in nothing else."""
    trimmed = pc.utf8_trim(cells, characters=BLANKS)
    rows, counts = len(cells), _counts(trimmed, marks)
    found = _as_category(counts, rows) if encoded else _of_texts(counts, rows, dialect)
    absent = sorted(text for text in pc.unique(trimmed).to_pylist() if text and text in marks.texts)
    found = replace(found, absent=tuple(absent))
    return replace(found, values=_counts(cells, marks)) if found.type == "category" else found


def _counts(cells: pa.ChunkedArray, marks: Marks) -> dict[Any, int]:
    """Return each value that is not missing, and how many rows have it."""
    pairs = pc.value_counts(cells.combine_chunks())
    values, counts = pairs.field(0).to_pylist(), pairs.field(1).to_pylist()
    return {
        value: count
        for value, count in zip(values, counts, strict=True)
        if value is not None and not _is_missing(value, marks)
    }


def _is_missing(value: object, marks: Marks) -> bool:
    if isinstance(value, str):
        number = marks.numbers and is_number(value)
        return value in marks or bool(number and float(value) in marks.numbers)
    return _is_nan(value) or (bool(marks.numbers) and value in marks.numbers)


def _as_category(counts: Mapping[Any, int], rows: int) -> Found:
    return Found("category", "", {str(value): n for value, n in counts.items()}, rows)


def _of_texts(counts: Mapping[str, int], rows: int, dialect: Dialect) -> Found:
    texts = [*counts]
    if not texts:
        return Found("number", rows=rows)
    if all(text in BOOLEANS for text in texts):
        return Found("category", "true or false", counts, rows)
    numbers = _plain_numbers(texts, dialect.notation())
    if len(numbers) == len(texts):
        return _of_written_numbers(counts, numbers, rows)
    others = [text for text in texts if text not in numbers]
    return (
        _with_unit(counts, rows, dialect)
        or _with_marks(counts, numbers, others, rows)
        or _of_words(counts, others, rows)
    )


def _with_unit(counts: Mapping[str, int], rows: int, dialect: Dialect) -> Found | None:
    """Return numbers that all carry one unit, beside texts that stand where there is no number."""
    others = [text for text in counts if not any(map(str.isdigit, text))]
    measured = {text: count for text, count in counts.items() if text not in others}
    unit = unit_of(measured)
    if unit is None or (others and not _mean_nothing(others, counts)):
        return None
    numbers = _plain_numbers([*measured], dialect.notation(unit))
    if len(numbers) < len(measured):
        return None
    found = _of_written_numbers(measured, numbers, rows)
    why = f"in {unit}; {', '.join(map(repr, others))} means missing" if others else f"in {unit}"
    marked = replace(found, marks=tuple(sorted(others)))
    return replace(marked, unit=unit, why=why) if found.numeric else marked


def _with_marks(
    counts: Mapping[str, int], numbers: Mapping[str, str], others: Sequence[str], rows: int
) -> Found | None:
    if not _mean_nothing(others, counts):
        return None
    rest = {text: count for text, count in counts.items() if text not in others}
    found = _of_written_numbers(rest, numbers, rows)
    why = f"{', '.join(map(repr, others))} means missing"
    return replace(found, why=found.why or why, marks=tuple(sorted(others)))


def _of_words(counts: Mapping[str, int], others: Sequence[str], rows: int) -> Found:
    texts = [*counts]
    # To try all formats takes half a second: most texts are no dates.
    if all(map(_MAY_BE_DATE.search, texts)):
        formats = tuple(date_formats(texts))
        if formats or is_iso(texts):
            return Found("time", "", counts, rows, formats=formats)
    why = f"numbers and text ({others[0][:20]!r})" if 2 * len(others) < len(texts) else ""
    return Found("category", why, counts, rows)


def _plain_numbers(texts: Sequence[str], notation: Notation) -> dict[str, str]:
    """Return text → number in plain notation, for those that are numbers."""
    plain = {}
    for text in texts:
        with suppress(ValueError):
            plain[text] = text if is_number(text) and notation.is_plain else notation.plain(text)
    return {text: number for text, number in plain.items() if is_number(number)}


def _mean_nothing(others: Sequence[str], counts: Mapping[str, int]) -> bool:
    """Return whether all texts among numbers are such as stand where there is no number."""
    if len(others) > _MOST_MARKS or 2 * sum(map(counts.__getitem__, others)) >= sum(
        counts.values()
    ):
        return False
    return all(text.lower() in _NO_VALUE or not any(map(str.isalnum, text)) for text in others)


def _of_written_numbers(counts: Mapping[str, int], numbers: Mapping[str, str], rows: int) -> Found:
    """Return what a column of numbers in text holds, counted by value and not by spelling."""
    zeros = [text for text in counts if _LEADING_ZERO.fullmatch(numbers[text])]
    if zeros:
        return Found("category", f"codes: leading zeros ({zeros[0][:20]})", counts, rows)
    by_value: dict[float, int] = {}
    for text, count in counts.items():
        value = float(numbers[text])
        by_value[value] = by_value.get(value, 0) + count
    return _of_numbers(by_value, rows)


def _of_numbers(counts: Mapping[Any, int], rows: int) -> Found:
    numeric = [_as_float(value) for value in counts]
    large = [value for value in numeric if abs(value) > LARGEST]
    if large:
        return Found(None, f"numbers above 3.4e38 ({large[0]:g})", counts, rows)
    return Found("number", "", counts, rows, numeric)


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def suspicious(found: Found) -> float | None:
    """Return a number that may mean a missing value, as -999 does; None if there is none.

    It is an extreme one that repeats, and is the only negative one, or lies farther from all others
    than they lie apart.
    """
    if len(found.numeric) < 3:
        return None
    by_value = dict(zip(found.numeric, found.values.values(), strict=True))
    ordered = sorted(by_value)
    for extreme, rest in ((ordered[0], ordered[1:]), (ordered[-1], ordered[:-1])):
        gap = min(abs(extreme - rest[0]), abs(extreme - rest[-1]))
        apart = gap > rest[-1] - rest[0] or extreme < 0 <= rest[0]
        if apart and by_value[extreme] > 1 and _is_a_mark(extreme):
            return extreme
    return None


def _is_a_mark(value: float) -> bool:
    """Return whether people write a number for a missing one: such as -1, -200, -999 or 9999."""
    text = f"{abs(value):g}"
    return (value < 0 and text in ("1", "100", "200", "500", "1000")) or (
        len(text) > 1 and {*text} == {"9"}
    )


def all_marks(known: Iterable[str | float], founds: Iterable[Found]) -> list[str | float]:
    """Return what means a missing value: known ones, then those of some columns."""
    return [*dict.fromkeys([*known, *sorted({mark for each in founds for mark in each.marks})])]
