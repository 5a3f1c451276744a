"""What a CSV file probably is, if its first record is no header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sagetabular.printing import listed
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.records import FOUR
from sagetabular.reading.values import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from sagetabular.reading.records import Beginning

_DECIMAL_COMMA = re.compile(r"\s*[+-]?[0-9]+,[0-9]+\s*")
# How Python writes bytes that are not UTF-8 into text.
_ESCAPED = re.compile("[\udc80-\udcff]")


def no_header(label: str, names: Sequence[str], wanted: Sequence[str]) -> ReadingError | None:
    """Return the error for a first record that is no header, or None if it may be one.

    Args:
        label: What errors call the file.
        names: The cells of the record.
        wanted: The columns that the file should have.
    """
    words = " ".join(names).split()
    numbers = sum(map(is_number, words))
    if len(names) <= 2 < numbers:
        return ReadingError(
            f"{label}: line 1 seems to have blanks between its cells: {listed(words)}.",
            f"Put one of the four delimiters between them: {FOUR}; and add a header row.",
        )
    if any(map(is_number, names)):
        which = f" ({listed([*wanted])})" if wanted else ""
        return ReadingError(
            f"{label}: the first line looks like data: {listed([*names])}.",
            f"Add a header: a first line that names the columns{which}.",
        )
    if names and not any(names[1:]) and (len(names) > 1 or names[0].startswith("#")):
        return ReadingError(
            f"{label}: the first line looks like a title: {names[0]}.",
            "Delete the lines above the one that names the columns.",
        )
    return None


def wrong_width(
    label: str, beginning: Beginning, names: Sequence[str], record: tuple[int, list[str]]
) -> ReadingError:
    """Return the error for a record that has not as many cells as the header."""
    line, cells = record
    # A header may name some columns by numbers; most cells of data are some.
    may_be_data = 2 * sum(map(is_number, names)) > len(names) or not any(map(is_number, names))
    found = no_header(label, names, ()) if may_be_data else None
    return found or ReadingError(
        f"{label} is not a table: line {line} must have {len(names)} cells as line "
        f"{beginning.before + 1} has, got {len(cells)}: {listed(cells)}.",
        f"Separate all cells by {beginning.delimiter!r}, and quote those that hold it.",
    )


def no_utf8(label: str, text: IO[str]) -> ReadingError:
    """Return the error for a file that is not UTF-8.

    Args:
        label: What errors call the file.
        text: The file from its beginning, opened with `errors="surrogateescape"`.
    """
    for number, line in enumerate(text, 1):
        if found := _ESCAPED.search(line):
            byte = ord(found[0]) - 0xDC00
            charset = "utf-16" if number == 1 and byte in (0xFE, 0xFF) else "latin1"
            return ReadingError(
                f"{label} is not UTF-8 text: line {number} has the byte 0x{byte:02x}.",
                f"Convert it: iconv -f {charset} -t utf8 FILE > NEW_FILE.",
            )
    return ReadingError(f"{label} is not UTF-8 text.", "Save it as UTF-8.")


def wrong_encoding(label: str, encoding: str, error: UnicodeError) -> ReadingError:
    """Return the error for a file that is not of the encoding which the project declares."""
    return ReadingError(
        f"{label} is not {encoding} text: {error.reason if hasattr(error, 'reason') else error}.",
        "Correct data.files.encoding in conf/pipeline.yaml; without it a file is UTF-8.",
    )


def decimal_comma(value: object) -> str | None:
    """Return what to do about a number that is written with a decimal comma, else None."""
    if not isinstance(value, str) or not _DECIMAL_COMMA.fullmatch(value):
        return None
    return f"A decimal comma is not read: write {value.strip().replace(',', '.')} in its place."
