"""A table in pieces that a server takes."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.printing import printable
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.files import BAD_CONTENT, kind_of, open_text
from sagetabular.reading.records import read_beginning, read_records, without_blank_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

# A little less than SageMaker's 6 MB.
LIMIT = 5_000_000
# A field in quotes; one with a quote in it counts as two side by side.
_QUOTED = re.compile(rb'"[^"]*"')
CSV, JSON, PARQUET = "text/csv", "application/json", "application/x-parquet"


@dataclass(frozen=True)
class Payload:
    """A piece of a table.

    Attributes:
        body: In the table's own format; a CSV header stands in every piece.
        content_type: Of the body.
        first: Line of a CSV, or row of a Parquet file, with which the piece begins, from 1.
        head: Lines of the body before that line.
    """

    body: bytes
    content_type: str
    first: int = 1
    head: int = 0

    def place(self, number: int) -> int:
        """Return which line or row of the file is one of the body."""
        return number - self.head + self.first - 1


def count_records(text: bytes) -> int:
    """Return how many records a CSV has, each of which ends with a line feed."""
    return _QUOTED.sub(b"", text).count(b"\n")


def ask_in_pieces(
    file: Path,
    ask: Callable[[Payload], bytes],
    limit: int = LIMIT,
    *,
    rows: Callable[[bytes], int] = count_records,
) -> Iterator[bytes]:
    """Ask for predictions of a file, in pieces of at most `limit` bytes, cut between rows.

    A JSON file stays whole. Only the server knows the model's columns, so whether a CSV has a
    header is seen from its answer to the first piece: it has one row less than there are records.

    Args:
        file: CSV (compressed, if its name says so), JSON or Parquet.
        ask: What answers.
        limit: Of a body.
        rows: How many rows an answer is about.

    Yields:
        The answers, in the order of the rows.

    Raises:
        UserError: The file cannot be read, or a single row, or a whole JSON file, is larger than a
            piece.
    """
    label = printable(str(file))
    try:
        if file.suffix.lower() == ".json":
            yield ask(_whole(file, limit))
        elif kind_of(file.name) == "Parquet":
            for payload in _split_table(_read_table(file), 1, limit, file):
                yield ask(payload)
        elif kind_of(file.name) == "CSV":
            yield from _ask_by_records(file, ask, limit, rows)
        else:
            msg = f"{label}: must end with .csv, .xlsx, .json or .parquet, got {file.suffix!r}."
            raise UserError(msg, "Convert it; `pipeline predict` sends the file's own format.")
    except ReadingError as err:
        raise UserError(err.message, err.remedy) from err
    except OSError as err:
        msg = f"{label}: cannot be read: {err.strerror or err}."
        raise UserError(msg, "Give a CSV in UTF-8, or a Parquet file.") from err


def ask_of_table(
    table: pa.Table, file: Path, ask: Callable[[Payload], bytes], limit: int = LIMIT
) -> Iterator[bytes]:
    """Ask for predictions of rows that are read already, in pieces of at most `limit` bytes.

    Args:
        table: The rows.
        file: Where they are from, for errors.
        ask: What answers one value a line.
        limit: Of a body.

    Yields:
        The answers, in the order of the rows.

    Raises:
        UserError: A single row is larger than a piece.
    """
    for payload in _split_table(table, 1, limit, file):
        yield ask(payload)


def _read_table(file: Path) -> pa.Table:
    from pyarrow import parquet

    try:
        with file.open("rb") as stream:
            return parquet.ParquetFile(stream, pre_buffer=False).read(use_threads=False)
    except FileNotFoundError:
        raise
    except BAD_CONTENT as err:
        label, reason = printable(str(file)), printable(str(err).split("\n", maxsplit=1)[0])
        raise UserError(f"{label}: cannot be read: {reason}.", "Write it again.") from err


def _whole(file: Path, limit: int) -> Payload:
    body = file.read_bytes()
    if len(body) > limit:
        msg = f"{file}: has {len(body)} bytes, a request takes {limit}."
        raise UserError(msg, "Write the rows as CSV or Parquet, which are sent in pieces.")
    return Payload(body, JSON, 1)


def _split_table(table: pa.Table, first: int, limit: int, file: Path) -> Iterator[Payload]:
    from pyarrow import parquet

    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    half = len(table) // 2
    if buffer.tell() <= limit:
        yield Payload(buffer.getvalue(), PARQUET, first)
    elif half == 0:
        raise _row_too_large(file, first, limit)
    else:
        yield from _split_table(table.slice(0, half), first, limit, file)
        yield from _split_table(table.slice(half), first + half, limit, file)


def _ask_by_records(
    file: Path, ask: Callable[[Payload], bytes], limit: int, rows: Callable[[bytes], int]
) -> Iterator[bytes]:
    """Ask for the rows of a CSV file; all pieces after the first begin with its header."""
    with open_text(file, printable(str(file))) as text:
        records = _Records(text)
        piece: list[bytes] = []
        size, first, head, count = 0, 1, b"", 0
        for line, content, counts in records:
            if piece and len(head) + size + len(content) > limit:
                answer = ask(Payload(head + b"".join(piece), CSV, first, head.count(b"\n")))
                yield answer
                if first == 1:
                    head = records.head(has_header=rows(answer) < count)
                piece, size, first = [], 0, line
            if len(head) + len(content) > limit:
                raise _row_too_large(file, line, limit)
            piece.append(content)
            size, count = size + len(content), count + counts
        yield ask(Payload(head + b"".join(piece), CSV, first, head.count(b"\n")))


class _Records:
    """The records of a CSV file, each with its lines as they are.

    Args:
        text: The file from its beginning.
    """

    def __init__(self, text: Iterable[str]) -> None:
        lines = iter(text)
        self._beginning = read_beginning(lines)
        self._lines = lines
        self._first = ""

    def __iter__(self) -> Iterator[tuple[int, bytes, bool]]:
        """Yield first line and bytes of a record, and whether it is one that is answered.

        To the first record belongs what comes before it.
        """
        taken = [*self._beginning.lines]
        before, width = self._beginning.before, None
        lines = _taking(self._lines, taken)
        for number, cells in read_records(self._beginning, lines, self._beginning.delimiter):
            if width is None:
                width, self._first = len(cells), "".join(taken[before:])
            yield (
                1 if number == before + 1 else number,
                "".join(taken).encode(),
                any(without_blank_lines([(number, cells)], width)),
            )
            taken.clear()

    def head(self, *, has_header: bool) -> bytes:
        """Return the lines that let a server read any piece as it reads the first one."""
        delimiter = self._beginning.delimiter
        said = "" if delimiter == "," and not self._beginning.said else f"sep={delimiter}\n"
        header = self._first.rstrip("\r\n") + "\n" if has_header else ""
        return (said + header).encode()


def _row_too_large(file: Path, line: int, limit: int) -> UserError:
    msg = f"{file}: row at {line} has more than the {limit} bytes of a request."
    return UserError(msg, "Take the long field out.")


def _taking(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    """Hand out lines and keep them."""
    for line in lines:
        taken.append(line)
        yield line
