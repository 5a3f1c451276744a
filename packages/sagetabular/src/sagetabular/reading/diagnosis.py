"""What a CSV file probably is, if its first record is no header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sagetabular.printing import listed
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.notation import split_unit
from sagetabular.reading.records import FOUR
from sagetabular.reading.values import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from sagetabular.reading.records import Beginning

UNDER_FILES = "under data.files in conf/pipeline.yaml"
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
# These may as well be thousands.
_EITHER = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
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
            f"Say so, {UNDER_FILES}: delimiter: blanks, and header: false if no line names the "
            f"columns; or put {FOUR} between the cells.",
        )
    if any(map(is_number, names)):
        which = f" ({listed([*wanted])})" if wanted else ""
        return ReadingError(
            f"{label}: the first line looks like data: {listed([*names])}.",
            f"Add a header: a first line that names the columns{which}; or say that there is "
            f"none, {UNDER_FILES}: header: false.",
        )
    if names and not any(names[1:]) and (len(names) > 1 or names[0].startswith("#")):
        return ReadingError(
            f"{label}: the first line looks like a title: {names[0]}.",
            "Delete the lines above the one that names the columns; or say how many there are, "
            f"{UNDER_FILES}: skip: 1.",
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
            charset = "utf-16" if number == 1 and byte in (0xFE, 0xFF) else "cp1252"
            return ReadingError(
                f"{label} is not UTF-8 text: line {number} has the byte 0x{byte:02x}.",
                f"Say what it is, {UNDER_FILES}: encoding: {charset}; or convert it: iconv -f "
                f"{charset} -t utf8 FILE > NEW_FILE.",
            )
    return ReadingError(f"{label} is not UTF-8 text.", "Save it as UTF-8.")


def is_utf8(label: str, encoding: str) -> ReadingError:
    """Return the error for a file that is UTF-8, where the project declares another encoding."""
    return ReadingError(
        f"{label} is UTF-8 text, and data.files.encoding in conf/pipeline.yaml says {encoding}.",
        f"Remove that, if all files are so; or convert this one: iconv -f utf8 -t {encoding} FILE "
        "> NEW_FILE.",
    )


def wrong_encoding(label: str, encoding: str, error: UnicodeError) -> ReadingError:
    """Return the error for a file that is not of the encoding which the project declares."""
    return ReadingError(
        f"{label} is not {encoding} text: {error.reason if hasattr(error, 'reason') else error}.",
        "Correct data.files.encoding in conf/pipeline.yaml; without it a file is UTF-8.",
    )


def other_notation(value: object) -> str | None:
    """Return what to do about a number that is written in another way, else None."""
    if not isinstance(value, str) or not (parts := split_unit(value)):
        return None
    written, unit = parts
    if unit:
        return (
            f'Take {unit!r} off; or, if all have it, declare it: unit: "{unit}" beside '
            "type: number, under data.columns in conf/pipeline.yaml."
        )
    if _EITHER.fullmatch(written):
        point, nothing = written.replace(",", "."), written.replace(",", "")
        return (
            f'Say what it is, {UNDER_FILES}: decimal: "," if it is {point}, or thousands: "," if '
            f"it is {nothing}."
        )
    if _DECIMAL_COMMA.fullmatch(written):
        point = written.replace(",", ".")
        return f'Say so, {UNDER_FILES}: decimal: ","; or write {point} in its place.'
    return None
