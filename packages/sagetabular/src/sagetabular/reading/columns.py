"""Columns of a file, as the types that `conf/pipeline.yaml` declares for them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as arrow_types

from sagetabular.reading.names import ColumnType
from sagetabular.reading.notation import BLANKS_AROUND, PLAIN, Notation
from sagetabular.reading.times import parse_times, rule_of
from sagetabular.reading.values import BLANKS, BOOLEANS, LARGEST, NUMBER, Marks, category

_NUMBER = f"^(?:{NUMBER})$"
# 18 digits always fit into 64 bits.
_WHOLE_NUMBER = r"^[+-]?[0-9]{1,18}$"
_TRUE, _FALSE = (
    pa.array([text for text, name in BOOLEANS.items() if name == which], pa.string())
    for which in ("true", "false")
)

WHAT_IT_HOLDS = {"number": PLAIN.rule, "category": "text or codes", "time": rule_of(None)}
"""The content of a column of a declared type, as errors describe it."""
TOO_LARGE = "numbers up to 3.4e38"
"""As `WHAT_IT_HOLDS`, for a number that is too large."""


class BadValueError(ValueError):
    """A cell is not of the declared type.

    Attributes:
        row: The row of the first such cell, from 0; None if the column as a whole is of no use.
        value: What is there instead.
        rule: What the column must hold.
    """

    def __init__(self, row: int | None, value: object, rule: str) -> None:
        """Keep the place, the value and the rule."""
        super().__init__(f"row {row}: {value!r}")
        self.row = row
        self.value = value
        self.rule = rule


def convert(
    cells: pa.ChunkedArray,
    kind: ColumnType,
    marks: Marks,
    notation: Notation = PLAIN,
    form: str | None = None,
) -> pa.ChunkedArray:
    """Convert a column, by the rules of `values`.

    Args:
        cells: The column, of any length and type.
        kind: What it has to hold.
        marks: What is missing.
        notation: How numbers are written in text.
        form: The format of times in text; None for ISO 8601.

    Returns:
        Whole or floating-point numbers, text, or timestamps in UTC; missing cells are null.

    Raises:
        BadValueError: At the first cell that is of another type, or too large.
    """
    try:
        if arrow_types.is_dictionary(cells.type):
            cells = cells.cast(cells.type.value_type)
        if _is_text(cells.type):
            cells = cells.cast(pa.string())
        if kind == "number":
            return _to_number(cells, marks, notation)
        return _to_category(cells, marks) if kind == "category" else _to_time(cells, marks, form)
    except (pa.ArrowException, OverflowError) as error:
        raise BadValueError(None, str(cells.type), WHAT_IT_HOLDS[kind]) from error


def numbers_if_all_are(
    cells: pa.ChunkedArray, marks: Marks, notation: Notation = PLAIN
) -> pa.ChunkedArray:
    """Return a text column as numbers if every cell is one, otherwise missing cells as null."""
    if not _is_text(cells.type):
        return cells
    try:
        return _to_number(cells, marks, notation)
    except BadValueError:
        return pc.if_else(_missing(cells, marks), None, cells)


def _to_number(cells: pa.ChunkedArray, marks: Marks, notation: Notation) -> pa.ChunkedArray:
    """Return whole numbers if all are, otherwise floating-point ones; NaN becomes null."""
    if _is_text(cells.type):
        plain = cells if notation.is_plain else _in_plain_notation(cells, marks, notation)
        found = _parsed_numbers(plain, marks)
    elif arrow_types.is_boolean(cells.type):
        return cells.cast(pa.int64())
    elif arrow_types.is_integer(cells.type):
        found = cells
    elif _is_real(cells.type) or arrow_types.is_null(cells.type):
        found = cells.cast(pa.float64())
    else:
        raise BadValueError(None, str(cells.type), WHAT_IT_HOLDS["number"])
    if marks.numbers:
        equal = pc.is_in(found.cast(pa.float64(), safe=False), pa.array(marks.numbers))
        found = pc.if_else(equal, None, found)
    if arrow_types.is_integer(found.type):
        return found
    large = pc.greater(pc.abs(found), LARGEST)
    _refuse(cells, pc.and_(large, pc.invert(pc.is_nan(found))), TOO_LARGE)
    return pc.if_else(pc.is_nan(found), None, found)


def _in_plain_notation(cells: pa.ChunkedArray, marks: Marks, notation: Notation) -> pa.ChunkedArray:
    """Return numbers in plain notation."""
    if notation.unit is None:
        trimmed = pc.if_else(
            _missing(cells, marks), None, pc.utf8_trim(cells, characters=BLANKS_AROUND)
        )
        if pc.all(pc.match_substring_regex(trimmed, f"^(?:{notation.pattern})$")).as_py():
            if notation.thousands is not None:
                trimmed = pc.replace_substring_regex(trimmed, f"[{notation.separators}]", "")
            return pc.replace_substring(trimmed, notation.decimal, ".")
    plain: list[str | None] = []
    for row, cell in enumerate(cells.to_pylist()):
        try:
            plain.append(None if cell is None or cell in marks else notation.plain(cell))
        except ValueError as error:
            raise BadValueError(row, cell, notation.rule) from error
    return pa.chunked_array([pa.array(plain, pa.string())])


def _parsed_numbers(cells: pa.ChunkedArray, marks: Marks) -> pa.ChunkedArray:
    """Parse text as numbers."""
    trimmed = pc.if_else(_missing(cells, marks), None, pc.utf8_trim(cells, characters=BLANKS))
    trimmed = pc.if_else(pc.is_in(trimmed, _TRUE), "1", trimmed)
    trimmed = pc.if_else(pc.is_in(trimmed, _FALSE), "0", trimmed)
    bad = pc.invert(pc.match_substring_regex(trimmed, _NUMBER))
    _refuse(cells, bad, WHAT_IT_HOLDS["number"])
    whole = pc.all(pc.match_substring_regex(trimmed, _WHOLE_NUMBER)).as_py()
    # Arrow's parser does not take a plus sign.
    unsigned = pc.utf8_ltrim(trimmed, "+")
    return unsigned.cast(pa.int64() if whole else pa.float64())


def _missing(cells: pa.ChunkedArray, marks: Marks) -> pa.ChunkedArray:
    """Return where text is missing, or means so."""
    texts = pa.array(sorted(marks.texts), pa.string())
    return pc.is_in(pc.utf8_trim(cells, characters=BLANKS), texts)


def _to_category(cells: pa.ChunkedArray, marks: Marks) -> pa.ChunkedArray:
    """Return text; each value that occurs is looked at once."""
    places, names = encoded_categories(cells, marks)
    return pa.chunked_array([pa.array(names, pa.string()).take(places)])


def encoded_categories(cells: pa.ChunkedArray, marks: Marks) -> tuple[pa.Array, list[str | None]]:
    """Return the categories of a column, each once or more, and where in them each row's is.

    Args:
        cells: The column, of any length and type, or a dictionary of such.
        marks: What is missing.

    Raises:
        BadValueError: They are neither text nor codes.
    """
    is_encoded = arrow_types.is_dictionary(cells.type)
    kind = cells.type.value_type if is_encoded else cells.type
    codes = arrow_types.is_integer(kind) or arrow_types.is_boolean(kind)
    if not (_is_text(kind) or codes or arrow_types.is_null(kind) or _is_real(kind)):
        raise BadValueError(None, str(kind), WHAT_IT_HOLDS["category"])
    encoded = cells.unify_dictionaries().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # of no chunk
        encoded = pa.array([], cells.type)
    if not is_encoded:
        encoded = encoded.dictionary_encode()
    values = encoded.dictionary
    values = values.cast(pa.float64()) if _is_real(kind) else values
    return encoded.indices, [category(value, marks) for value in values.to_pylist()]


def _to_time(cells: pa.ChunkedArray, marks: Marks, form: str | None) -> pa.ChunkedArray:
    """Return timestamps with microseconds, in UTC but without a zone."""
    if arrow_types.is_timestamp(cells.type) or arrow_types.is_date(cells.type):
        fine = arrow_types.is_timestamp(cells.type) and cells.type.unit == "ns"
        return cells.cast(pa.timestamp("us"), safe=not fine)  # what is finer is left out
    if arrow_types.is_integer(cells.type):  # years, or digits of a format
        cells = cells.cast(pa.string())
    if not (_is_text(cells.type) or arrow_types.is_null(cells.type)):
        raise BadValueError(None, str(cells.type), rule_of(form))
    cells = cells.cast(pa.string())
    texts = pc.if_else(_missing(cells, marks), None, cells).to_pandas()
    times = parse_times(texts, form)
    _refuse(cells, pa.array(times.isna() & texts.notna()), rule_of(form))
    moments = times.dt.tz_localize(None).dt.as_unit("us")  # what is finer is left out
    return pa.chunked_array([pa.array(moments, type=pa.timestamp("us"))])


def _is_text(kind: pa.DataType) -> bool:
    """Return whether a type is text."""
    kinds = (arrow_types.is_string, arrow_types.is_large_string, arrow_types.is_string_view)
    return any(is_kind(kind) for is_kind in kinds)


def _is_real(kind: pa.DataType) -> bool:
    """Return whether a type is of numbers that need not be whole."""
    return bool(arrow_types.is_floating(kind) or arrow_types.is_decimal(kind))


def _refuse(cells: pa.ChunkedArray, bad: pa.ChunkedArray | pa.Array, rule: str) -> None:
    """Raise for the first row where `bad` is true."""
    row = pc.index(bad, True).as_py()
    if row >= 0:
        raise BadValueError(row, cells[row].as_py(), rule)
