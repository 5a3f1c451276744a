"""What an Excel workbook is packed in: a zip archive, looked at before anybody unpacks it."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.reading.errors import ReadingError

if TYPE_CHECKING:
    from pathlib import Path

# Of a few bytes, an archive can make all that a machine has.
_MOST_BYTES = 1 << 30
_MOST_SHARED_BYTES = 1 << 28
_MOST_PARTS = 10_000
_PIECE = 1 << 20
# Longer than what is looked for, so that no border between pieces hides it.
_OVERLAP = 200
_MERGED = re.compile(
    rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"'
)
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """What the text of a sheet says beside its cells.

    Attributes:
        merged: Left, top, right and bottom of each range of merged cells, from 1.
        has_formulas: Whether there is a formula.
    """

    merged: tuple[tuple[int, int, int, int], ...]
    has_formulas: bool


def check_archive(path: Path, label: str) -> None:
    """Refuse a file that is no zip archive, or would be too much unpacked.

    Documents of Office have no entities, which can grow without bound too.

    Raises:
        ReadingError: It is so.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            shared = sum(part.file_size for part in parts if "sharedStrings" in part.filename)
            size = sum(part.file_size for part in parts)
            if size > _MOST_BYTES or shared > _MOST_SHARED_BYTES or len(parts) > _MOST_PARTS:
                raise ReadingError(
                    f"{label} is too large: unpacked it has {size:,} bytes in {len(parts):,} "
                    "parts.",
                    "Save the table as CSV or Parquet.",
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _refuse_entities(archive, part, label)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        zlib.error,
    ) as error:
        raise ReadingError(
            f"{label} is no Excel workbook: {error}.",
            "Save it again as .xlsx, without a password, or as CSV.",
        ) from error


def _refuse_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo, label: str) -> None:
    with archive.open(part) as stream:
        before = b""
        while piece := stream.read(_PIECE):
            is_text = before or piece.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"
            if not is_text or b"\0" in piece[:4] or _ENTITIES.search(before + piece):
                raise ReadingError(
                    f"{label} is no Excel workbook: {part.filename} is no plain XML.",
                    "Open it in Excel and save it again, as .xlsx or CSV.",
                )
            before = piece[-_OVERLAP:]


def read_part(path: Path, name: str) -> Part:
    """Return what the text of a sheet says beside its cells.

    Args:
        path: The archive.
        name: Of the sheet's text in it.
    """
    merged, has_formulas, before = [], False, b""
    with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
        while piece := stream.read(_PIECE):
            merged += _MERGED.findall(before + piece)
            has_formulas = has_formulas or _FORMULA.search(before + piece) is not None
            before = piece[-_OVERLAP:]
    ranges = {(_column(a), int(b), _column(c), int(d)) for a, b, c, d in merged}
    return Part(tuple(sorted(ranges)), has_formulas)


def _column(letters: bytes) -> int:
    """Return the number of a column from 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
