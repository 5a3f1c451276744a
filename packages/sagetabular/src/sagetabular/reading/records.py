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
    from typing import Any

DELIMITERS = ",;\t|"
BLANK = " "
"""The delimiter that stands for one or more blanks or tabs."""
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


def read_beginning(
    lines: Iterator[str], skip: int = 0, comment: str | None = None, quote: str | None = '"'
) -> Beginning:
    """Take lines up to the first that belongs to a record.

    Args:
        lines: Those of a file, with their ends. A byte order mark is taken off.
        skip: How many lines are no record whatever they hold.
        comment: What a line begins with that is no record.
        quote: What encloses cells.
    """
    taken: list[str] = []
    said = None
    for line in lines:
        taken.append(line if taken else line.removeprefix(_MARK))
        if len(taken) <= skip or (comment is not None and taken[-1].startswith(comment)):
            continue
        excel = _EXCEL.fullmatch(taken[-1]) if said is None else None
        if excel:
            said = excel[1]
        elif taken[-1].strip(" \r\n"):
            unquoted = taken[-1] if quote is None else "".join(taken[-1].split(quote)[::2])
            return Beginning(
                taken, len(taken) - 1, said or max(DELIMITERS, key=unquoted.count), said is not None
            )
    return Beginning(taken, len(taken), said or ",", said is not None)


def read_records(
    beginning: Beginning,
    lines: Iterable[str],
    delimiter: str,
    quote: str | None = '"',
    comment: str | None = None,
) -> Iterator[tuple[int, list[str]]]:
    """Read the records from the first one on (RFC 4180); a blank line is a record too.

    Args:
        beginning: What `read_beginning` has taken.
        lines: The others.
        delimiter: What separates the cells; a blank stands for one or more blanks or tabs.
        quote: What encloses cells; None if nothing does.
        comment: What a line begins with that is no record.

    Yields:
        The line on which a record begins, from 1, and its cells, at least one.

    Raises:
        RecordError: A quote is not closed, or something follows it.
    """
    records = chain(beginning.lines[beginning.before :], lines)
    if comment is None and delimiter != BLANK:
        yield from _plain_records(beginning.before, records, delimiter, quote)
        return
    source = _Lines(records, beginning.before, comment)
    read = _by_blanks(source, quote) if delimiter == BLANK else _reader(source, delimiter, quote)
    try:
        for cells in read:
            yield source.first, cells or [""]
            source.between = True
    except csv.Error as error:
        raise RecordError(source.first, str(error)) from error


def _plain_records(
    before: int, lines: Iterable[str], delimiter: str, quote: str | None
) -> Iterator[tuple[int, list[str]]]:
    """Read records of which every line is one's; csv itself counts the lines."""
    reader = _reader(lines, delimiter, quote)
    line = before + 1
    try:
        for cells in reader:
            yield line, cells or [""]
            line = before + reader.line_num + 1
    except csv.Error as error:
        raise RecordError(line, str(error)) from error


def _reader(lines: Iterable[str], delimiter: str, quote: str | None) -> Any:
    if quote is None:
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)
    return csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True)


class _Lines:
    """The lines of the records, without the comments that stand between records.

    Attributes:
        first: The number of the line on which the last record begins.
        between: Whether the next line begins a record.
    """

    def __init__(self, lines: Iterable[str], before: int, comment: str | None) -> None:
        self.first, self.between = before, True
        self._lines, self._before, self._comment = lines, before, comment

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self._lines, self._before + 1):
            if self.between:
                if self._comment is not None and line.startswith(self._comment):
                    continue
                self.first, self.between = number, False
            yield line


def _by_blanks(lines: Iterable[str], quote: str | None) -> Iterator[list[str]]:
    """Read records of one line each, whose cells are separated by one or more blanks or tabs."""
    enclosed = (
        "(?!)()" if quote is None else f"{quote}((?:[^{quote}]|{quote}{quote})*){quote}(?!\\S)"
    )
    cell = re.compile(rf"{enclosed}|(\S+)")
    for line in lines:
        found = cell.findall(line)
        if quote is not None and any(bare.startswith(quote) for _, bare in found):
            msg = "a quote is not closed, or something follows it"
            raise csv.Error(msg)
        yield [bare or text.replace(f"{quote}{quote}", f"{quote}") for text, bare in found]


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
