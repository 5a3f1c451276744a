"""A table in pieces that a server takes."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

# A little less than SageMaker's 6 MB.
LIMIT = 5_000_000
SUFFIXES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".parquet": "application/x-parquet",
}


@dataclass(frozen=True)
class Payload:
    """A piece of a table.

    Attributes:
        body: In the table's own format; a CSV header stands in every piece.
        content_type: Of the body.
        first: Line of a CSV, or row of a Parquet file, with which the piece begins, from 1.
    """

    body: bytes
    content_type: str
    first: int


def split_file(file: Path, limit: int = LIMIT) -> Iterator[Payload]:
    """Split a CSV or Parquet file between rows, into pieces of at most `limit` bytes.

    A JSON file stays whole.

    Raises:
        UserError: The file cannot be read, or a single row, or a whole JSON file, is larger than a
            piece.
    """
    content_type = SUFFIXES.get(file.suffix.lower())
    if content_type is None:
        msg = f"{file}: must end with .csv, .json or .parquet, got {file.suffix!r}."
        raise UserError(msg, "Convert it; `pipeline predict` sends the file's own format.")
    try:
        if content_type == SUFFIXES[".parquet"]:
            from pyarrow import parquet

            yield from _split_table(parquet.ParquetFile(file).read(), 1, limit, file)
        elif content_type == SUFFIXES[".json"]:
            yield _whole(file, limit)
        else:
            yield from _split_lines(file, limit)
    except (OSError, ValueError, csv.Error) as err:
        reason = err.strerror if isinstance(err, OSError) and err.strerror else str(err)
        msg = f"{file}: cannot be read: {reason.splitlines()[0]}."
        raise UserError(msg, "Give a CSV in UTF-8, or a Parquet file.") from err


def _whole(file: Path, limit: int) -> Payload:
    body = file.read_bytes()
    if len(body) > limit:
        msg = f"{file}: has {len(body)} bytes, a request takes {limit}."
        raise UserError(msg, "Write the rows as CSV or Parquet, which are sent in pieces.")
    return Payload(body, SUFFIXES[".json"], 1)


def _split_table(table: pa.Table, first: int, limit: int, file: Path) -> Iterator[Payload]:
    from pyarrow import parquet

    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    half = len(table) // 2
    if buffer.tell() <= limit:
        yield Payload(buffer.getvalue(), SUFFIXES[".parquet"], first)
    elif half == 0:
        raise _row_too_large(file, first, limit)
    else:
        yield from _split_table(table.slice(0, half), first, limit, file)
        yield from _split_table(table.slice(half), first + half, limit, file)


def _split_lines(file: Path, limit: int) -> Iterator[Payload]:
    header, size, first = b"", 0, 1
    piece: list[bytes] = []
    for line, record in _records(file):
        if line == 1 and _is_header(record):
            header = record if record.endswith(b"\n") else record + b"\n"
            first = 2
            continue
        if piece and len(header) + size + len(record) > limit:
            yield Payload(header + b"".join(piece), SUFFIXES[".csv"], first)
            piece, size, first = [], 0, line
        if len(header) + len(record) > limit:
            raise _row_too_large(file, line, limit)
        piece.append(record)
        size += len(record)
    yield Payload(header + b"".join(piece), SUFFIXES[".csv"], first)


def _is_header(record: bytes) -> bool:
    """Return whether no field of a line is a number or empty, as in a row at least one is."""
    fields = next(csv.reader([record.decode("utf-8-sig")]), [])
    return not any(field.strip() == "" or _is_number(field) for field in fields)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _records(file: Path) -> Iterator[tuple[int, bytes]]:
    """Yield first line and bytes of each record; a quoted field may hold line breaks."""
    taken: list[str] = []
    with file.open(encoding="utf-8", newline="") as text:
        reader = csv.reader(_taking(text, taken), strict=True)
        line = 1
        for _ in reader:
            yield line, "".join(taken).encode()
            taken.clear()
            line = reader.line_num + 1


def _row_too_large(file: Path, line: int, limit: int) -> UserError:
    msg = f"{file}: row at {line} has more than the {limit} bytes of a request."
    return UserError(msg, "Take the long field out.")


def _taking(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    """Hand out lines and keep them."""
    for line in lines:
        taken.append(line)
        yield line
