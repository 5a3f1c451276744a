"""Give a column's cells the type that `conf/pipeline.yaml` declares for it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as arrow_types

from sagetabular.lake.columns import ColumnType

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
# 18 digits always fit into 64 bits.
_WHOLE_NUMBER = r"^[+-]?\d{1,18}$"
# What spreadsheets, R and Python write for a missing number.
_MISSING = pa.array(["", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None", "-"])

WHAT_IT_HOLDS = {
    "number": "numbers (with a decimal point, no thousands separators)",
    "category": "text or codes",
    "time": "dates or times as in 2026-01-31 or 2026-01-31 12:00:00",
}
"""The content of a column of a declared type, as errors describe it."""


class BadValueError(ValueError):
    """A cell is not of the declared type.

    Attributes:
        row: The row of the first such cell, from 0; None if the column as a whole is of no use.
        value: What is there instead.
    """

    def __init__(self, row: int | None, value: object) -> None:
        """Keep the place and the value."""
        super().__init__(f"row {row}: {value!r}")
        self.row = row
        self.value = value


def convert(cells: pa.ChunkedArray, kind: ColumnType) -> pa.ChunkedArray:
    """Convert a column.

    Args:
        cells: The column, of any length and type.
        kind: What it has to hold.

    Returns:
        Whole or floating-point numbers, text, or timestamps in UTC; missing cells are null.

    Raises:
        BadValueError: At the first cell that is of another type.
    """
    if arrow_types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    converters = {"number": _to_number, "category": _to_text, "time": _to_time}
    return converters[kind](cells)


def numbers_if_all_are(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a text column as numbers if every cell is one, otherwise as it is."""
    if not arrow_types.is_string(cells.type):
        return cells
    try:
        return _to_number(cells)
    except BadValueError:
        return cells


def _to_number(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return whole numbers if all are, otherwise floating-point ones; NaN becomes null."""
    if _is_text(cells):
        cells = _parsed_numbers(cells)
    elif arrow_types.is_boolean(cells.type):
        return cells.cast(pa.int64())
    elif arrow_types.is_integer(cells.type):
        return cells
    elif not (_is_real(cells) or arrow_types.is_null(cells.type)):
        raise BadValueError(None, str(cells.type))
    if arrow_types.is_integer(cells.type):
        return cells
    cells = cells.cast(pa.float64())
    _refuse(cells, pc.is_inf(cells))
    return pc.if_else(pc.is_nan(cells), None, cells)


def _parsed_numbers(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Parse text as numbers."""
    trimmed = pc.utf8_trim_whitespace(cells)
    trimmed = pc.if_else(pc.is_in(trimmed, value_set=_MISSING), None, trimmed)
    _refuse(cells, pc.invert(pc.match_substring_regex(trimmed, _NUMBER)))
    whole = pc.all(pc.match_substring_regex(trimmed, _WHOLE_NUMBER)).as_py()
    # Arrow's parser does not take a plus sign.
    unsigned = pc.utf8_ltrim(trimmed, "+")
    return unsigned.cast(pa.int64() if whole else pa.float64())


def _to_text(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return text; codes are written out."""
    codes = arrow_types.is_integer(cells.type) or arrow_types.is_boolean(cells.type)
    if not (_is_text(cells) or codes or arrow_types.is_null(cells.type) or _is_real(cells)):
        raise BadValueError(None, str(cells.type))
    return cells.cast(pa.string())


def _to_time(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return timestamps with microseconds, in UTC but without a zone."""
    if arrow_types.is_temporal(cells.type) and not arrow_types.is_time(cells.type):
        return cells.cast(pa.timestamp("us"), safe=False)
    if arrow_types.is_integer(cells.type):  # years
        cells = cells.cast(pa.string())
    if not (_is_text(cells) or arrow_types.is_null(cells.type)):
        raise BadValueError(None, str(cells.type))
    texts: pd.Series[Any] = cells.cast(pa.string()).to_pandas()
    known = texts.mask(texts.isin(("now", "today")))  # pandas takes these for the time it is
    times = pd.to_datetime(known, format="ISO8601", utc=True, errors="coerce")
    _refuse(cells, pa.array(times.isna() & texts.notna()))
    moments = times.dt.tz_localize(None).dt.as_unit("us")  # what is finer is left out
    return pa.chunked_array([pa.array(moments, type=pa.timestamp("us"))])


def _is_text(cells: pa.ChunkedArray) -> bool:
    """Return whether a column is text."""
    return bool(arrow_types.is_string(cells.type) or arrow_types.is_large_string(cells.type))


def _is_real(cells: pa.ChunkedArray) -> bool:
    """Return whether a column is of numbers that need not be whole."""
    return bool(arrow_types.is_floating(cells.type) or arrow_types.is_decimal(cells.type))


def _refuse(cells: pa.ChunkedArray, bad: pa.ChunkedArray | pa.Array) -> None:
    """Raise for the first row where `bad` is true."""
    row = pc.index(bad, True).as_py()
    if row >= 0:
        raise BadValueError(row, cells[row].as_py())
