"""CSV bodies (RFC 4180), with a header or without."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.columns import check_range
from sagetabular.serving.formats.fast_csv import read_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sagetabular.serving.formats.columns import Columns, Rows

_BOM = b"\xef\xbb\xbf"
# Characters of a wrong field that the message repeats.
_SHOWN = 60


def read_csv(body: bytes, columns: Columns) -> Rows:
    """Read a CSV body in UTF-8.

    The first line is a header if it names a feature; its columns may come in any order, with
    others between them. Without it the fields are the features in the model's order. An empty
    field is a missing value.

    Raises:
        RequestError: A line cannot be read; the message names line and column.
    """
    body = body.removeprefix(_BOM)
    if columns.all_numbers:
        matrix = read_numbers(body, len(columns.names))
        if matrix is None:
            matrix = _numbers_below_header(body, columns)
        if matrix is not None:
            return matrix
    lines, records = _records(_decode(body))
    return _parse(lines, records, columns)


def _numbers_below_header(body: bytes, columns: Columns) -> NDArray[np.float64] | None:
    """Read plain numbers below a plain header; None for anything else."""
    first, _, rest = body.partition(b"\n")
    names = first.rstrip(b"\r").decode("utf-8", errors="replace").split(",")
    if not set(columns.names) <= set(names):
        return None
    matrix = read_numbers(rest, len(names))
    return None if matrix is None else matrix[:, columns.positions(names, "line 1")]


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as err:
        line = body.count(b"\n", 0, err.start) + 1
        msg = f"line {line}: byte 0x{body[err.start]:02x} is not UTF-8.\nSend UTF-8, or say which"
        raise RequestError(400, f"{msg} charset it is: text/csv; charset=iso-8859-1.") from err


def _records(text: str) -> tuple[list[int], list[list[str]]]:
    """Return the first line and the fields of each record."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines, records, line = [], [], 1
    try:
        for record in reader:
            lines.append(line)
            records.append(record or [""])  # an empty line is one empty field
            line = reader.line_num + 1
    except csv.Error as err:
        msg = f"line {line}: {err}.\nQuote a field that holds commas, quotes or line breaks."
        raise RequestError(400, msg) from err
    return lines, records


def _parse(lines: list[int], records: list[list[str]], columns: Columns) -> Rows:
    positions = list(range(len(columns.names)))
    width = len(positions)
    if records and {name.strip() for name in records[0]} & set(columns.names):
        header = [name.strip() for name in records[0]]
        positions, width = columns.positions(header, "line 1"), len(header)
        lines, records = lines[1:], records[1:]
    if not records:
        raise RequestError(400, "The body holds no row.\nSend one line for each prediction.")
    _check_widths(lines, records, width)
    return columns.rows(
        [
            _column(name, [record[position] for record in records], lines, columns)
            for name, position in zip(columns.names, positions, strict=True)
        ]
    )


def _check_widths(lines: Sequence[int], records: Sequence[list[str]], width: int) -> None:
    for line, record in zip(lines, records, strict=True):
        if len(record) != width:
            msg = f"line {line}: must have {width} fields, got {len(record)}.\n"
            raise RequestError(400, f"{msg}Send the columns the model was fitted on, no label.")


def _column(
    name: str, fields: list[str], lines: Sequence[int], columns: Columns
) -> NDArray[np.float64] | list[str | None]:
    if name in columns.categories:
        return [field or None for field in fields]
    numbers = [_number(field, name, line) for field, line in zip(fields, lines, strict=True)]
    return check_range(np.array(numbers, dtype=np.float64), name, lambda row: f"line {lines[row]}")


def _number(field: str, name: str, line: int) -> float:
    """Return a number in decimal notation; empty and `nan` are missing values."""
    try:
        if not field:
            return np.nan
        if field.isascii() and "_" not in field:  # what Python's own numbers may hold beyond that
            return float(field)
    except ValueError:
        pass
    shown = repr(field[:_SHOWN])
    msg = f"line {line}, column {name!r}: {shown} is not a number.\n"
    raise RequestError(400, f"{msg}Write it like -12.5 or 1e3, or leave the field empty.")
