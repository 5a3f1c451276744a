"""The encoding of a text, if its bytes leave no doubt."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from sagetabular.reading.errors import ReadingError
from sagetabular.reading.files import open_bytes

if TYPE_CHECKING:
    from pathlib import Path

_PIECE = 1 << 20
_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Bytes above ASCII in the order in which UTF-8 has them.
_UTF8 = re.compile(rb"[\xc3-\xf4][\x80-\xbf]{1,3}")
# Western European letters, and signs that stand beside numbers or in text, in cp1252.
_WESTERN = re.compile(
    "[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e"
    "\u00a0\u20ac\u00a3\u00a7\u00b0\u00b1\u00b2\u00b3\u00b5\u00b7\u00ab\u00bb\u00ae\u00a9"
    "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2022\u00bf\u00a1\u00ba\u00aa\u00bd]*"
)
# Three such letters in a row are rather another alphabet.
_FOREIGN = re.compile("[\u00c0-\u00ff]{3}")


def find_encoding(path: Path, label: str) -> tuple[str, str | None]:
    """Return the encoding of a text, and the reason if it is not UTF-8.

    The whole file is read, since one letter among a million bytes decides.

    Args:
        path: The file, compressed if its name says so.
        label: What errors call it.

    Raises:
        ReadingError: It is of no encoding that is certain.
    """
    with open_bytes(path) as stream:
        beginning = stream.read(4)
    for mark, encoding in _BOMS.items():
        if beginning.startswith(mark):
            return encoding, f"encoding {encoding}: the file begins with its byte order mark"
    if b"\0" in beginning:
        raise ReadingError(
            f"{label} is no text, or UTF-16 without a byte order mark: it begins with NUL bytes.",
            "Save it as UTF-8, or write encoding: utf-16-le under data.files in "
            "conf/pipeline.yaml.",
        )
    found = _line_that_is_no_utf8(path)
    if found is None:
        return "utf-8", None
    return _single_byte(path, label, found)


def _line_that_is_no_utf8(path: Path) -> int | None:
    """Return the number of the first such line from 1, None if all are UTF-8."""
    number = 1
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open_bytes(path) as stream:
        while piece := stream.read(_PIECE):
            try:
                decoder.decode(piece)
            except UnicodeDecodeError as error:
                return number + error.object.count(b"\n", 0, error.start)
            number += piece.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return number
    return None


def _single_byte(path: Path, label: str, number: int) -> tuple[str, str]:
    """Return Windows' Western encoding, if all lines that are not ASCII make sense in it."""
    shown = ""
    with open_bytes(path) as stream:
        lines = bytearray()
        while piece := stream.read(_PIECE):
            lines += piece
            for line in lines[: lines.rfind(b"\n") + 1].splitlines():
                shown = shown or _shown(bytes(line), label, number)
            del lines[: lines.rfind(b"\n") + 1]
        shown = _shown(bytes(lines), label, number) or shown
    return "cp1252", (
        f"encoding cp1252 (Windows, Western Europe): line {number} is not UTF-8, and has {shown}"
    )


def _shown(line: bytes, label: str, number: int) -> str:
    """Return the first word of a line that is not ASCII; refuse what makes no sense."""
    if line.isascii():
        return ""
    try:
        text = line.decode("cp1252")
    except UnicodeDecodeError:
        text = "\u00c3\u00c3\u00c3"
    strange = "".join(each for each in text if each > "\x7f")
    if _UTF8.search(line) or not _WESTERN.fullmatch(strange) or _FOREIGN.search(text):
        raise ReadingError(
            f"{label}: line {number} is not UTF-8, and it is not plain what else the text is.",
            "Save it as UTF-8, or say which it is under data.files in conf/pipeline.yaml, as in "
            "encoding: cp1252.",
        )
    return repr(next(word for word in re.split(r"[\s,;|]", text) if not word.isascii())[:40])
