"""Read a CSV or Parquet file as it is: names as written, CSV cells as text."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from sagetabular.errors import UserError

_DELIMITERS = ",;\t|"
_NOT_TEXT = "it is not UTF-8 text"


@dataclass(frozen=True)
class RawTable:
    """A file's content before its columns are matched.

    Attributes:
        path: The file.
        names: Its column names as written; they may repeat.
        table: Its cells, in the file's order; every column of a CSV file is text.
        delimiter: What separates the cells of a CSV file, None for Parquet.
    """

    path: Path
    names: list[str]
    table: pa.Table
    delimiter: str | None = None

    def place(self, row: int) -> str:
        """Return where a row is: the line of a CSV file, else the row; both count from 1."""
        if self.delimiter is None:
            return f"row {row + 1}"
        with self.path.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.reader(stream, delimiter=self.delimiter)
            starts, end = [], 0
            for cells in lines:
                # A record spans several lines when a cell holds a line break.
                if cells:
                    starts.append(end + 1)
                if len(starts) > row + 1:
                    break
                end = lines.line_num
        return f"line {starts[row + 1]}"


def read_file(path: Path) -> RawTable:
    """Read one file.

    Args:
        path: A `.csv` (UTF-8, header row; comma, semicolon, tab or bar) or `.parquet` file.

    Returns:
        The file's names and cells.

    Raises:
        UserError: If the file is absent, unreadable, empty, no table, or of another type.
    """
    readers = {".csv": _read_csv, ".parquet": _read_parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UserError(
            f"{path} is neither a .csv nor a .parquet file.",
            "Save the table as CSV (UTF-8, with a header row) or as Parquet.",
        )
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UserError(f"{path} {what}.", "Name the CSV or Parquet files to add.")
    try:
        raw = reader(path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror or error}.", "Check the file and its rights."
        ) from error
    if not raw.names or raw.table.num_rows == 0:
        raise UserError(f"{path} has no rows.", "Add a file with a header row and data below it.")
    return raw


def _read_csv(path: Path) -> RawTable:
    """Read a CSV file with all cells as text; every row must have as many cells as the header."""
    try:
        names, delimiter = _header(path)
        table = arrow_csv.read_csv(path, **_text_options(len(names), delimiter)) if names else None
    except (pa.ArrowInvalid, csv.Error) as error:
        reason = str(error).split("\n", maxsplit=1)[0].removeprefix("CSV parse error: ")
        raise _no_table(path, _NOT_TEXT if "invalid UTF8" in reason else reason) from error
    except UnicodeDecodeError as error:
        raise _no_table(path, _NOT_TEXT) from error
    return RawTable(path, names, pa.table({}) if table is None else table, delimiter)


def _header(path: Path) -> tuple[list[str], str]:
    """Return the names in the first line that has any, and what separates them."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        first = next((line for line in stream if line.strip()), "")
        delimiter = max(_DELIMITERS, key=first.count)
        stream.seek(0)
        records = csv.reader(stream, delimiter=delimiter)
        return next((cells for cells in records if cells), []), delimiter


def _text_options(width: int, delimiter: str) -> dict[str, Any]:
    """Return pyarrow's options for reading every cell as text, empty or `NA`-like ones as null."""
    names = [str(position) for position in range(width)]
    return {
        # One thread, because only then an error says the row.
        "read_options": arrow_csv.ReadOptions(
            use_threads=False, column_names=names, skip_rows_after_names=1
        ),
        "parse_options": arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True
        ),
    }


def _read_parquet(path: Path) -> RawTable:
    """Read a Parquet file; its columns keep their types."""
    try:
        table = pq.ParquetFile(path).read()
    except pa.ArrowInvalid as error:
        raise _no_table(path, "it is not a Parquet file") from error
    return RawTable(path, table.column_names, table)


def _no_table(path: Path, reason: str) -> UserError:
    """Return the error for a file that cannot be taken for a table."""
    return UserError(
        f"{path} is not a table: {reason}.",
        "Every row needs as many cells as the header; save it again as CSV (UTF-8) or Parquet.",
    )
