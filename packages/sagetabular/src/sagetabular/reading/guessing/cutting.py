"""A text, cut into records of equally many cells by a delimiter that may be its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sagetabular.reading.records import DELIMITERS, RecordError, read_beginning, read_records
from sagetabular.reading.values import BLANKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.reading.dialect import Dialect

    Record = tuple[int, list[str]]

# Lines above a table: a title, who made it, when.
_MOST_ABOVE = 30


@dataclass(frozen=True)
class Lines:
    """The first lines of a text.

    Attributes:
        lines: With their ends.
        is_all: Whether there are no others.
    """

    lines: list[str]
    is_all: bool


@dataclass(frozen=True)
class Layout:
    """How a file is cut into cells.

    Attributes:
        dialect: What is known of it.
        reasons: A sentence for each field that is not the default.
        records: Line or row, and the cells, from the header on; all have as many.
        texts: Whether each cell of the records is text; None if all are.
        word: What the place of a record is called.
    """

    dialect: Dialect
    reasons: list[str]
    records: list[Record]
    texts: list[list[bool]] | None = field(default=None, repr=False)
    word: str = "line"

    def columns(self, first: int = 1) -> list[list[str]]:
        """Return the columns, without the first records."""
        rows = (cells for _, cells in self.records[first:])
        return [[*column] for column in zip(*rows, strict=True)]


def cut(sample: Lines, dialect: Dialect, said: Mapping[str, Any]) -> Layout | None:
    """Cut a text by a delimiter; None if the records are not equally wide, or have one cell.

    Args:
        sample: The beginning of the text.
        dialect: What is known of it, with the delimiter.
        said: The fields that are not to be guessed.
    """
    quotes = [dialect.quote] if "quote" in said else ['"', None, "'"]
    for quote in quotes:
        records = _records(sample, replace(dialect, quote=quote))
        layout = _table(records, replace(dialect, quote=quote), said) if records else None
        if layout and _quotes_make_sense(layout, quote):
            return layout
    return None


def _records(sample: Lines, dialect: Dialect) -> list[Record] | None:
    """Return the records that are not blank; None if they cannot be read."""
    lines = iter(sample.lines)
    beginning = read_beginning(lines, dialect.skip, dialect.comment, dialect.quote)
    delimiter = dialect.delimiter or beginning.delimiter
    records: list[Record] = []
    try:
        records.extend(read_records(beginning, lines, delimiter, dialect.quote, dialect.comment))
    except RecordError:
        if sample.is_all or len(records) < 10:
            return None
    if not sample.is_all:
        records = records[:-1]  # the last one may not be whole
    return [record for record in records if any(cell.strip(BLANKS) for cell in record[1])]


def _quotes_make_sense(layout: Layout, quote: str | None) -> bool:
    """Return whether no other quotes enclose cells, or what would have been a cell."""
    others = {'"': "'", "'": '"', None: "\"'"}[quote]
    return not any(_is_enclosed(cells, mark) for _, cells in layout.records for mark in others)


def _is_enclosed(cells: Sequence[str], mark: str) -> bool:
    """Return whether a mark begins one cell, and ends the same or a later one."""
    stripped = [cell.strip(BLANKS) for cell in cells]
    begins = next((place for place, cell in enumerate(stripped) if cell.startswith(mark)), None)
    if begins is None:
        return False
    return any(cell.endswith(mark) and cell != mark for cell in stripped[begins:])


def _table(records: list[Record], dialect: Dialect, said: Mapping[str, Any]) -> Layout | None:
    """Return the records from the header on, if they are equally wide."""
    widths = [len(cells) for _, cells in records]
    width = Counter(widths[_MOST_ABOVE:] or widths[1:] or widths).most_common(1)[0][0]
    if all(not cells[-1].strip(BLANKS) for _, cells in records if len(cells) == width):
        shorter = next((place for place, each in enumerate(widths) if each == width - 1), None)
        if shorter is not None and width > 2 and _all_fit(widths[shorter + 1 :], width):
            cut = [(line, cells[: width - 1]) for line, cells in records[shorter:]]
            return Layout(replace(dialect, trailing=True), [], without_title(cut))
    if width == 1 or width not in widths:
        return None
    first = widths.index(width)
    if first and widths[first - 1] == width - 1 and _are_numbers_of_rows(records[first:]):
        line, names = records[first - 1]
        records = [*records[: first - 1], (line, ["", *names]), *records[first:]]
        dialect, first = replace(dialect, index=1), first - 1
        widths[first] = width
    fits = first <= _MOST_ABOVE and _all_fit(widths[first:], width) and len(widths) > first
    if not fits:
        return None
    kept = records[first:]
    return Layout(dialect, [], kept if "skip" in said else without_title(kept))


def _all_fit(widths: Sequence[int], width: int) -> bool:
    return all(each == width for each in widths)


def _are_numbers_of_rows(records: Sequence[Record]) -> bool:
    """Return whether the first cells count the rows, or are all different texts."""
    cells = [cells[0] for _, cells in records]
    counted = [[str(number + start) for number in range(len(cells))] for start in (0, 1)]
    return cells in counted


def without_title(records: list[Record]) -> list[Record]:
    """Leave out records above the header of which only the first cell holds anything."""
    filled = [sum(bool(cell.strip(BLANKS)) for cell in cells) for _, cells in records[:_MOST_ABOVE]]
    first = next((place for place, count in enumerate(filled) if count > 1), 0)
    return records[first:]


def one_column(sample: Lines, dialect: Dialect) -> list[Layout]:
    """Return a text whose lines have one cell by any delimiter, else nothing.

    Args:
        sample: The beginning of the text.
        dialect: What is known of it.
    """
    for delimiter in DELIMITERS:
        records = _records(sample, replace(dialect, delimiter=delimiter))
        if records and any(len(cells) > 1 for _, cells in records):
            return []
    records = _records(sample, replace(dialect, delimiter=","))
    return [Layout(dialect, [], records)] if records else []
