"""CSV bodies (RFC 4180), with a header or without."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from sagetabular.reading.records import (
    DELIMITERS,
    RecordError,
    is_blank,
    read_beginning,
    read_records,
    without_blank_lines,
)
from sagetabular.reading.values import BOOLEANS, is_number
from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.columns import without_marks
from sagetabular.serving.formats.fast_csv import read_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sagetabular.reading.records import Beginning
    from sagetabular.serving.formats.columns import Columns, Rows

    Record = tuple[int, list[str]]

# Bytes of a header that is remembered.
_LONGEST = 100_000
_BOM = b"\xef\xbb\xbf"


def read_csv(body: bytes, columns: Columns) -> Rows:
    """Read a CSV body in UTF-8, by the rules of `pipeline data add`.

    The first record is a header if it names a feature; its columns may come in any order, with
    others between them. Without it the fields are the features in the model's order.

    Raises:
        RequestError: A line cannot be read; the message names line and column.
    """
    body = body.removeprefix(_BOM)
    if columns.all_numbers:
        matrix = _plain_numbers(body, columns)
        if matrix is not None:
            return matrix
    try:
        return _parse(_decode(body), columns)
    except RecordError as err:
        msg = f"line {err.line}: {err.reason}.\n"
        remedy = "Quote a field that holds commas, quotes or line breaks."
        raise RequestError(400, f"{msg}{remedy}") from err


def _plain_numbers(body: bytes, columns: Columns) -> NDArray[np.float64] | None:
    """Read plain numbers, below a header or not; None for anything else."""
    if columns.no_numbers_mean_else:
        matrix = read_numbers(body, len(columns.names))
        if matrix is not None:
            return matrix
    first, _, rest = body.partition(b"\n")
    header = columns.header(first) if len(first) <= _LONGEST else None
    if header is None:
        matrix = None
        if not columns.no_numbers_mean_else:
            matrix = read_numbers(body, len(columns.names))
    else:
        matrix = read_numbers(rest, header.width)
        matrix = None if matrix is None else matrix[:, header.positions]
    return None if matrix is None else without_marks(matrix, columns.marks)


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as err:
        line = body.count(b"\n", 0, err.start) + 1
        msg = f"line {line}: byte 0x{body[err.start]:02x} is not UTF-8.\nSend UTF-8, or say which"
        raise RequestError(400, f"{msg} charset it is: text/csv; charset=iso-8859-1.") from err


def _parse(text: str, columns: Columns) -> Rows:
    lines = [*io.StringIO(text, newline="")]
    beginning = read_beginning(iter(lines))
    rest = lines[len(beginning.lines) :]
    has_header = columns.names_some(_first(beginning, rest))
    if not has_header:
        beginning = _fitted(beginning, rest, columns)
        has_header = _names_others(_first(beginning, rest), columns)
    records, names = read_records(beginning, rest, beginning.delimiter), [*columns.names]
    if has_header:
        names = _first(beginning, rest)
        next(records)
    positions, width = columns.positions(names, f"line {beginning.before + 1}"), len(names)
    rows = [*without_blank_lines(records, width)]
    if not rows:
        raise RequestError(400, "The body holds no row.\nSend one line for each prediction.")
    _check_widths(rows, width, may_end_empty=not has_header)
    return columns.rows(
        [
            columns.values(
                name, [cells[place] for _, cells in rows], lambda row: f"line {rows[row][0]}"
            )
            for name, place in zip(columns.names, positions, strict=True)
        ]
    )


def _first(beginning: Beginning, rest: list[str]) -> list[str]:
    """Return the cells of the first record, without blanks around them."""
    _, cells = next(read_records(beginning, rest, beginning.delimiter), (1, [""]))
    return [cell.strip() for cell in cells]


def _names_others(words: Sequence[str], columns: Columns) -> bool:
    """Return whether a record can be no row, and is all words: a header of other columns."""
    if len(words) < 2 or any(not word or is_number(word) or word in BOOLEANS for word in words):
        return False
    by_place = zip(columns.names, words, strict=False)
    return any(
        name not in columns.categories and word not in columns.marks for name, word in by_place
    )


def _fitted(beginning: Beginning, rest: list[str], columns: Columns) -> Beginning:
    """Return the beginning of rows without a header, with the delimiter that makes them fit."""
    width = len(columns.names)
    if beginning.said:
        return beginning
    if width == 1:  # there a blank line is a missing value, the first one too
        beginning = replace(beginning, before=0)
    for delimiter in DELIMITERS:
        other = replace(beginning, delimiter=delimiter)
        with suppress(RecordError):
            if len(_first(other, rest)) == width:
                return other
    return beginning


def _check_widths(rows: Sequence[Record], width: int, *, may_end_empty: bool) -> None:
    """Refuse a record of another width; spreadsheets add empty cells at the end of all rows."""
    wanted = max(width, len(rows[0][1])) if may_end_empty else width
    for line, cells in rows:
        if len(cells) != wanted or not is_blank(cells[width:]):
            msg = f"line {line}: must have {width} fields, got {len(cells)}.\n"
            raise RequestError(400, f"{msg}Send the columns the model was fitted on, no label.")
