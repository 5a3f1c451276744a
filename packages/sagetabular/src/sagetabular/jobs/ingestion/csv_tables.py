"""CSV files as tables of text: what a column holds is not guessed, but declared elsewhere."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import csv as arrow_csv

if TYPE_CHECKING:
    from pathlib import Path

_DELIMITERS = ",;\t|"


def read_csv(path: Path) -> pa.Table:
    """Read a CSV file with a header; compressed if its name says so (`.gz`, `.bz2`, `.zst`).

    Args:
        path: The file: UTF-8; its cells separated by comma, semicolon, tab or bar.

    Returns:
        Its cells as text, null where they are empty or say so (`NA`, `null`, …); names without
        the blanks around them.

    Raises:
        ValueError: It is not text, is broken, or has no header or rows of different lengths.
    """
    try:
        header = _header(path)
        if not header.names:
            msg = "it is empty"
            raise ValueError(msg)
        table = _cells(path, header)
    except (OSError, csv.Error) as error:  # broken compression is an OSError
        raise ValueError(str(error)) from error
    return table.rename_columns(header.names)


@dataclass(frozen=True)
class _Header:
    names: list[str]
    delimiter: str
    blank_lines: int


def _header(path: Path) -> _Header:
    """Read the first line that is not blank, which goes on where a name holds a line break."""
    with (
        pa.input_stream(str(path), compression="detect") as content,
        io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as lines,
    ):
        blank, first = next(
            ((number, line) for number, line in enumerate(lines) if line.strip()), (0, "")
        )
        delimiter = max(_DELIMITERS, key=first.count)
        records = csv.reader(chain([first], lines), delimiter=delimiter)
        names = [name.strip() for name in next(records, [])]  # `a, b` is often written
        return _Header(names, delimiter, blank)


def _cells(path: Path, header: _Header) -> pa.Table:
    """Read the rows below the header, on one thread: only then an error says which row."""
    columns = [str(position) for position in range(len(header.names))]
    return arrow_csv.read_csv(
        path,
        read_options=arrow_csv.ReadOptions(
            use_threads=False,
            skip_rows=header.blank_lines,
            column_names=columns,
            skip_rows_after_names=1,
        ),
        parse_options=arrow_csv.ParseOptions(delimiter=header.delimiter, newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=True
        ),
    )
