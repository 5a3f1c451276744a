"""A CSV or Parquet file as it is: names as written, CSV cells as text."""

from __future__ import annotations

import io
from array import array
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from sagetabular.printing import printable
from sagetabular.reading.diagnosis import no_utf8, wrong_width
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.records import (
    RecordError,
    read_beginning,
    read_records,
    without_blank_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

BAD_CONTENT = (pa.ArrowException, OSError, ValueError, LookupError, TypeError, ArithmeticError)
"""All that Arrow raises on content that breaks a format."""

_COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
_KINDS = {".csv": "CSV", ".parquet": "Parquet"}
# Records whose cells are put into columns at once; as text they take more memory than there.
_RECORDS = 5000


@dataclass(frozen=True)
class RawTable:
    """A file's content before its columns are matched.

    Attributes:
        label: What errors call the file.
        names: Its column names as written, without blanks around them; they may repeat.
        table: Its cells, in the file's order; every column of a CSV file is text.
        lines: The line on which each row of a CSV file begins, None for Parquet.
    """

    label: str
    names: list[str]
    table: pa.Table
    lines: array[int] | None = field(default=None, repr=False)

    def place(self, row: int) -> str:
        """Return where a row is: the line of a CSV file, else the row; both count from 1."""
        return f"row {row + 1}" if self.lines is None else f"line {self.lines[row]}"

    @property
    def is_text(self) -> bool:
        """Return whether no cell has a type yet."""
        return self.lines is not None


def kind_of(name: str) -> str | None:
    """Return `CSV` or `Parquet` by a file's name (`.csv`, `.csv.gz`, `.parquet`), else None."""
    suffixes = [suffix.lower() for suffix in PurePath(name).suffixes]
    if suffixes[-1:] == [".parquet"]:
        return "Parquet"
    return _KINDS.get(([s for s in suffixes if s not in _COMPRESSED] or [""])[-1])


def read_file(path: Path, label: str) -> RawTable:
    """Read one file.

    Args:
        path: A CSV file (UTF-8, header; comma, semicolon, tab or bar), compressed if its name says
            so, or a Parquet file.
        label: What errors call it.

    Raises:
        ReadingError: The file is absent, unreadable, empty, no table, or of another type.
    """
    kind = kind_of(path.name)
    if kind is None:
        raise ReadingError(
            f"{label} is neither a .csv nor a .parquet file.",
            "Save the table as CSV (UTF-8, with a header row) or as Parquet.",
        )
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise ReadingError(f"{label} {what}.", "Name the CSV or Parquet files to add.")
    try:
        return _read_csv(path, label) if kind == "CSV" else _read_parquet(path, label)
    except OSError as error:
        raise ReadingError(
            f"{label} cannot be read: {error.strerror}.", "Check the file and its rights."
        ) from error


@contextmanager
def open_text(path: Path, label: str) -> Iterator[IO[str]]:
    """Open a CSV file, compressed if its name says so; its line ends stay as they are.

    Raises:
        ReadingError: What is read meanwhile is not UTF-8, or is broken.
    """
    try:
        with _text(path, "strict") as text:
            yield text
    except UnicodeDecodeError as error:
        with _text(path, "surrogateescape") as text:
            raise no_utf8(label, text) from error
    except RecordError as error:
        raise ReadingError(
            f"{label} is not a table: line {error.line}: {error.reason}.",
            "Quote a cell that holds delimiters, quotes or line breaks; double quotes inside it.",
        ) from error
    except (pa.ArrowException, OSError) as error:
        if _of_the_system(error):
            raise
        raise _no_table(label, error) from error


@contextmanager
def _text(path: Path, errors: str) -> Iterator[IO[str]]:
    codec = _COMPRESSED.get(path.suffix.lower())
    with path.open("rb") as raw:
        content = pa.CompressedInputStream(pa.PythonFile(raw), codec) if codec else raw
        with io.TextIOWrapper(content, encoding="utf-8", newline="", errors=errors) as text:
            yield text


def _read_csv(path: Path, label: str) -> RawTable:
    """Read a CSV file with all cells as text; every row must have as many cells as the header."""
    with open_text(path, label) as text:
        beginning = read_beginning(text)
        records = read_records(beginning, text, beginning.delimiter)
        names = [name.strip() for name in next(records, (1, []))[1]]
        if not names:
            raise ReadingError(f"{label} has no rows.", "Add a header row, and data below it.")
        rows = without_blank_lines(records, len(names))
        lines, parts = array("q"), []
        schema = pa.schema([(str(place), pa.string()) for place in range(len(names))])
        while chunk := list(islice(rows, _RECORDS)):
            for record in chunk:
                if len(record[1]) != len(names):
                    raise wrong_width(label, beginning, names, record)
                lines.append(record[0])
            columns = zip(*(cells for _, cells in chunk), strict=True)
            cells = [pa.array(column, pa.string()) for column in columns]
            parts.append(pa.record_batch(cells, schema=schema))
    return RawTable(label, names, pa.Table.from_batches(parts, schema), lines)


def _read_parquet(path: Path, label: str) -> RawTable:
    """Read a Parquet file; its columns keep their types."""
    try:
        # Opened here: Arrow takes only names of files that are UTF-8.
        with path.open("rb") as stream:
            # On this thread alone: others that call Python would abort the end of a job.
            table = pq.ParquetFile(stream, pre_buffer=False).read(use_threads=False)
        table.validate(full=True)
    except BAD_CONTENT as error:
        if _of_the_system(error):
            raise
        raise _no_table(label, error) from error
    return RawTable(label, [name.strip() for name in table.column_names], table)


def _of_the_system(error: Exception) -> bool:
    """Return whether the system does not give the content; Arrow's own errors have no number."""
    return isinstance(error, OSError) and error.errno is not None


def _no_table(label: str, error: Exception) -> ReadingError:
    """Return the error for a file that cannot be taken for a table."""
    reason = printable(" ".join(str(error).split())[:200].rstrip("."))
    return ReadingError(
        f"{label} is not a table: {reason or type(error).__name__}.",
        "Save it again, as CSV (UTF-8, with a header row) or Parquet.",
    )
