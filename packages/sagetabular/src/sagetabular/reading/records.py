"""The records of a CSV file or body: which delimiter, which header, and on which lines."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from sagetabular.reading.values import BLANKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DELIMITERS = ",;\t|"
FOUR = "comma, semicolon, tab or bar"
"""What `DELIMITERS` are called."""

# What Excel writes before a header, and reads from there.
_EXCEL = re.compile(rf"(?i)sep=([{DELIMITERS}])\s*")
_MARK = "\ufeff"


class RecordError(ValueError):
    """A record cannot be read; it has the line on which it begins.

    Attributes:
        line: That line, from 1.
        reason: What is wrong.
    """

    def __init__(self, line: int, reason: str) -> None:
        """Keep both."""
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class Beginning:
    """How a CSV file begins.

    Attributes:
        lines: The lines up to the first record's first one.
        before: How many of them come before it: blank ones, and Excel's `sep=;`.
        delimiter: The one that stands most often in the first record, outside of quotes.
        said: Whether `sep=` says so.
    """

    lines: list[str]
    before: int
    delimiter: str
    said: bool = False

    @property
    def first(self) -> str:
        """Return the first line of the first record; empty if there is none."""
        return self.lines[self.before] if len(self.lines) > self.before else ""


def read_beginning(lines: Iterator[str]) -> Beginning:
    """Take lines up to the first that belongs to a record.

    Args:
        lines: Those of a file, with their ends. A byte order mark is taken off.
    """
    taken: list[str] = []
    said = None
    for line in lines:
        taken.append(line if taken else line.removeprefix(_MARK))
        excel = _EXCEL.fullmatch(taken[-1]) if said is None else None
        if excel:
            said = excel[1]
        elif taken[-1].strip(" \r\n"):
            unquoted = "".join(taken[-1].split('"')[::2])
            return Beginning(
                taken, len(taken) - 1, said or max(DELIMITERS, key=unquoted.count), said is not None
            )
    return Beginning(taken, len(taken), said or ",", said is not None)


def read_records(
    beginning: Beginning, lines: Iterable[str], delimiter: str
) -> Iterator[tuple[int, list[str]]]:
    """Read the records from the first one on (RFC 4180); a blank line is a record too.

    Args:
        beginning: What `read_beginning` has taken.
        lines: The others.
        delimiter: What separates the cells.

    Yields:
        The line on which a record begins, from 1, and its cells, at least one.

    Raises:
        RecordError: A quote is not closed, or something follows it.
    """
    own = beginning.lines[beginning.before :]
    reader = csv.reader(chain(own, lines), delimiter=delimiter, strict=True)
    line = beginning.before + 1
    try:
        for cells in reader:
            yield line, cells or [""]
            line = beginning.before + reader.line_num + 1
    except csv.Error as error:
        raise RecordError(line, str(error)) from error


def without_blank_lines(
    records: Iterable[tuple[int, list[str]]], width: int
) -> Iterator[tuple[int, list[str]]]:
    """Leave out blank lines, unless a record has one cell: there they are missing values."""
    for line, cells in records:
        if width == 1 or len(cells) > 1 or cells[0].strip(BLANKS):
            yield line, cells


def is_blank(cells: list[str]) -> bool:
    """Return whether all cells are empty."""
    return not any(cell.strip(BLANKS) for cell in cells)
