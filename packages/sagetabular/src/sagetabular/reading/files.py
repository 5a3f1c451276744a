"""A CSV, Excel or Parquet file as it is: names as written, CSV cells as text."""

from __future__ import annotations

import codecs
import io
from array import array
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from sagetabular.printing import printable
from sagetabular.reading.diagnosis import is_utf8, no_utf8, wrong_encoding, wrong_width
from sagetabular.reading.dialect import PLAIN, Dialect
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.headers import name_columns, place_of_index, without_trailing
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
_TEXTS = (".csv", ".tsv", ".txt", ".data")
_WHOLE = {".parquet": "Parquet", ".xlsx": "Excel", ".xlsm": "Excel"}
# Records whose cells are put into columns at once; as text they take more memory than there.
_RECORDS = 5000
_CHUNK = 1 << 20


@dataclass(frozen=True)
class RawTable:
    """A file's content before its columns are matched.

    Attributes:
        label: What errors call the file.
        names: Its column names as written, without blanks around them; they may repeat.
        table: Its cells, in the file's order; every column of a CSV file is text.
        lines: The line of a text, or row of a sheet, on which each row begins; None for Parquet.
        word: What such a place is called.
    """

    label: str
    names: list[str]
    table: pa.Table
    lines: array[int] | None = field(default=None, repr=False)
    word: str = "line"

    def place(self, row: int) -> str:
        """Return where a row is: the line of a text, else the row; both count from 1."""
        return f"row {row + 1}" if self.lines is None else f"{self.word} {self.lines[row]}"

    @property
    def is_text(self) -> bool:
        """Return whether no cell has a type yet."""
        return self.lines is not None


def kind_of(name: str) -> str | None:
    """Return `CSV`, `Parquet` or `Excel` by a file's name, else None.

    A CSV file ends with `.csv`, `.tsv`, `.txt` or `.data`, and may be compressed: `.csv.gz`.
    """
    suffixes = [suffix.lower() for suffix in PurePath(name).suffixes]
    if suffixes[-1:] and suffixes[-1] in _WHOLE:
        return _WHOLE[suffixes[-1]]
    kept = [suffix for suffix in suffixes if suffix not in _COMPRESSED]
    return "CSV" if kept and kept[-1] in _TEXTS else None


def read_file(path: Path, label: str, dialect: Dialect = PLAIN) -> RawTable:
    """Read one file.

    Args:
        path: A CSV file, compressed if its name says so, a Parquet or an Excel file.
        label: What errors call it.
        dialect: How it is written; without it UTF-8 with a header, and comma, semicolon, tab or
            bar between the cells.

    Raises:
        ReadingError: The file is absent, unreadable, empty, no table, or of another type.
    """
    kind = kind_of_file(path, label)
    try:
        if kind == "Excel":
            return _read_excel(path, label, dialect)
        return _read_csv(path, label, dialect) if kind == "CSV" else _read_parquet(path, label)
    except OSError as error:
        raise unreadable(label, error) from error


def unreadable(label: str, error: Exception) -> ReadingError:
    """Return the error for a file whose content the system does not give, or that is broken."""
    if isinstance(error, OSError) and _of_the_system(error):
        return ReadingError(
            f"{label} cannot be read: {error.strerror}.", "Check the file and its rights."
        )
    return _no_table(label, error)


def kind_of_file(path: Path, label: str) -> str:
    """Return `CSV`, `Parquet` or `Excel`.

    Raises:
        ReadingError: The file is absent, or of another type.
    """
    kind = kind_of(path.name)
    if kind is None:
        raise _of_another_kind(path, label)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise ReadingError(f"{label} {what}.", "Name the CSV, Excel or Parquet files to add.")
    return kind


def _of_another_kind(path: Path, label: str) -> ReadingError:
    if path.suffix.lower() in (".xls", ".xlsb", ".ods"):
        return ReadingError(
            f"{label} is a spreadsheet that is not read, got {path.suffix}.",
            "Save it as an Excel workbook (.xlsx) or as CSV.",
        )
    return ReadingError(
        f"{label} is neither a .csv, an .xlsx nor a .parquet file.",
        "Save the table as CSV (UTF-8, with a header row), as Excel or as Parquet.",
    )


@contextmanager
def open_text(path: Path, label: str, encoding: str = "utf-8") -> Iterator[IO[str]]:
    """Open a CSV file, compressed if its name says so; its line ends stay as they are.

    Raises:
        ReadingError: What is read meanwhile is not of the encoding, or is broken.
    """
    try:
        if _reads_anything(encoding) and _is_utf8(path):
            raise is_utf8(label, encoding)
        with _text(path, encoding, "strict") as text:
            yield text
    except UnicodeError as error:
        if encoding != "utf-8":
            raise wrong_encoding(label, encoding, error) from error
        with _text(path, encoding, "surrogateescape") as text:
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


def _reads_anything(encoding: str) -> bool:
    """Return whether an encoding takes UTF-8 for text of its own, as those of one byte do."""
    return codecs.lookup(encoding).name.startswith(("cp125", "iso8859"))


def _is_utf8(path: Path) -> bool:
    """Return whether a file has signs outside of ASCII, all of them in UTF-8."""
    decoder, is_plain = codecs.getincrementaldecoder("utf-8")(), True
    with open_bytes(path) as content:
        try:
            while chunk := content.read(_CHUNK):
                is_plain = decoder.decode(chunk).isascii() and is_plain
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return not is_plain


@contextmanager
def _text(path: Path, encoding: str, errors: str) -> Iterator[IO[str]]:
    with (
        open_bytes(path) as content,
        io.TextIOWrapper(content, encoding=encoding, newline="", errors=errors) as text,
    ):
        yield text


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, decompressed if its name says that it is compressed."""
    codec = _COMPRESSED.get(path.suffix.lower())
    with path.open("rb") as raw:
        yield pa.CompressedInputStream(pa.PythonFile(raw), codec) if codec else raw


def _read_csv(path: Path, label: str, dialect: Dialect) -> RawTable:
    """Read a CSV file with all cells as text; every row must have as many cells as the header."""
    with open_text(path, label, dialect.encoding) as text:
        beginning = read_beginning(text, dialect.skip, dialect.comment, dialect.quote)
        beginning = replace(beginning, delimiter=dialect.delimiter or beginning.delimiter)
        records = read_records(beginning, text, beginning.delimiter, dialect.quote, dialect.comment)
        names, records = name_columns(records, label, dialect)
        rows = without_blank_lines(records, len(names))
        if dialect.trailing:
            rows = without_trailing(rows, len(names))
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
    table = pa.Table.from_batches(parts, schema)
    return _without_index(RawTable(label, names, table, lines), dialect)


def _read_excel(path: Path, label: str, dialect: Dialect) -> RawTable:
    """Read a sheet; every column whose cells are of one type has that type."""
    from sagetabular.reading.excel import read_table  # its library is needed for Excel alone

    names, table, rows = read_table(path, label, dialect)
    return _without_index(RawTable(label, names, table, rows, "row"), dialect)


def _without_index(raw: RawTable, dialect: Dialect) -> RawTable:
    place = place_of_index(raw.names, raw.label, dialect.index)
    if place is None:
        return raw
    names = [*raw.names[:place], *raw.names[place + 1 :]]
    return replace(raw, names=names, table=raw.table.remove_column(place))


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
