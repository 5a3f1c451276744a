"""Records: batch transform cuts an object into them, and packs them into payloads."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sagelocal.errors import RecordError

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Record:
    """One record of an object.

    Attributes:
        line: Where it stands, from 1.
        content: Its bytes, with the end of its line.
        sent: What of it goes to the model; the same, unless it is filtered.
    """

    line: int
    content: bytes
    sent: bytes


@dataclass(frozen=True)
class Payload:
    """The records of one request, at least one."""

    records: tuple[Record, ...]

    @property
    def body(self) -> bytes:
        """Return the bytes that are sent."""
        return b"".join(record.sent for record in self.records)

    @property
    def where(self) -> str:
        """Return which lines of the object these are."""
        first, last = self.records[0].line, self.records[-1].line
        return f"line {first}" if first == last else f"lines {first} to {last}"


def read_records(file: Path, *, by_line: bool, compressed: bool) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a file, each with the number of its line.

    An empty line is no record. A file that is not cut is one record, unless it is empty.

    Args:
        file: The file.
        by_line: Whether each line is a record; otherwise the whole file is one.
        compressed: Whether it is compressed by gzip.

    Raises:
        RecordError: If it should be compressed and is not, or is damaged.
    """
    try:
        with gzip.open(file) if compressed else file.open("rb") as content:
            if not by_line:
                whole = content.read()
                yield from [(1, whole)] if whole else []
                return
            for number, line in enumerate(content, start=1):
                if line.strip(b"\r\n"):
                    yield number, line
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise RecordError(f"it cannot be decompressed: {error}") from error


def payloads(records: Iterable[Record], limit: int, *, single: bool) -> Iterator[Payload]:
    """Yield payloads of as many records as fit, in their order.

    Args:
        records: The records.
        limit: Most bytes in a payload.
        single: Whether each record goes alone.

    Raises:
        RecordError: If a record alone is over the limit.
    """
    waiting: list[Record] = []
    size = 0
    for record in records:
        length = len(record.sent)
        if length > limit:
            raise RecordError(
                f"line {record.line}: the record has {length} bytes, and MaxPayloadInMB allows "
                f"{limit}"
            )
        if waiting and (single or size + length > limit):
            yield Payload(tuple(waiting))
            waiting, size = [], 0
        waiting.append(record)
        size += length
    if waiting:
        yield Payload(tuple(waiting))
