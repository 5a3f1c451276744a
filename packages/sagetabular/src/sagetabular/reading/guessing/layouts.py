"""Which delimiter and quotes a text has, and which lines stand above its table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sagetabular.printing import shown
from sagetabular.reading.dialect import Dialect
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.guessing.kinds import column_kind
from sagetabular.reading.records import (
    BLANK,
    DELIMITERS,
    RecordError,
    read_beginning,
    read_records,
)
from sagetabular.reading.values import BLANKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Record = tuple[int, list[str]]

COMMENT = "#"
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", BLANK: "blanks"}
_WRITTEN = {"\t": "tab", BLANK: "blanks"}
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


def find_layout(
    sample: Lines, label: str, known: Dialect, said: Mapping[str, Any]
) -> Layout | None:
    """Return how a text is cut into cells; None if no delimiter makes it a table.

    Args:
        sample: Its beginning.
        label: What errors call it.
        known: What is known of it.
        said: The fields that are not to be guessed.

    Raises:
        ReadingError: Two delimiters are equally good.
    """
    if "comment" in said or not any(line.startswith(COMMENT) for line in sample.lines):
        found = _found(sample, known, said)
        return _with_reasons(_best(found, label), sample, known) if found else None
    plain = _found(sample, known, said)
    commented = _found(sample, replace(known, comment=COMMENT), said)
    found = commented if _are_comments(plain, commented) else plain
    return _with_reasons(_best(found, label), sample, known) if found else None


def _are_comments(plain: list[Layout], commented: list[Layout]) -> bool:
    """Return whether lines with the mark are no rows: colours and names begin with it too.

    Then they are like the cells around them.
    """
    if not plain or not commented:
        return bool(commented)
    are_above = not any(
        cells[0].startswith(COMMENT) for layout in plain for _, cells in layout.records
    )
    return are_above or max(map(_typed, commented)) > max(map(_typed, plain))


def _found(sample: Lines, known: Dialect, said: Mapping[str, Any]) -> list[Layout]:
    """Return the layouts that make a text a table, by any delimiter that is possible."""
    found = [
        layout
        for delimiter in _delimiters(sample, known, said)
        if (layout := _cut(sample, replace(known, delimiter=delimiter), said))
    ]
    # What makes the very first line a header is no chance.
    top = min((layout.records[0][0] for layout in found), default=0)
    found = [layout for layout in found if layout.records[0][0] == top]
    if known.delimiter is None:
        blank = _cut(sample, replace(known, delimiter=BLANK), said)
        found = [blank] if blank and _has_more_types(blank, found) else found
    return found or _one_column(sample, known)


def _delimiters(sample: Lines, known: Dialect, said: Mapping[str, Any]) -> Sequence[str]:
    beginning = read_beginning(iter(sample.lines), known.skip, known.comment)
    if known.delimiter is not None:
        return [known.delimiter]
    return [beginning.delimiter] if beginning.said and "delimiter" not in said else DELIMITERS


def _cut(sample: Lines, dialect: Dialect, said: Mapping[str, Any]) -> Layout | None:
    """Cut a text by a delimiter; None if the records are not equally wide, or have one cell."""
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


def _typed(layout: Layout) -> float:
    """Return the share of the columns whose cells are all numbers, or all dates."""
    return sum(map(bool, map(column_kind, layout.columns()))) / len(layout.records[0][1])


def _has_more_types(blank: Layout, others: Sequence[Layout]) -> bool:
    """Return whether blanks separate cells: they stand in texts too."""
    return _typed(blank) > max(map(_typed, others), default=0) and (
        not others or _typed(blank) > 1 / 2
    )


def _best(found: list[Layout], label: str) -> Layout:
    """Return the layout that is better than all others in every respect, or refuse."""
    scores = {
        place: (_typed(layout), len(layout.records[0][1]), len(layout.records))
        for place, layout in enumerate(found)
    }
    for place, score in scores.items():
        others = [other for each, other in scores.items() if each != place]
        if all(map(_is_better, [score] * len(others), others)):
            return found[place]
    names = [_NAMES[str(layout.dialect.delimiter)] for layout in found]
    line = found[0].records[0][0]
    raise ReadingError(
        f"{label}: {' and '.join(names)} separate line {line} and those below it equally well.",
        "Say which one it is, under data.files in conf/pipeline.yaml: delimiter: "
        f"{_quoted(found[0].dialect.delimiter)}.",
    )


def _is_better(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(mine >= its for mine, its in zip(one, other, strict=True))


def _quoted(delimiter: str | None) -> str:
    return _WRITTEN.get(str(delimiter), f'"{delimiter}"')


def _one_column(sample: Lines, dialect: Dialect) -> list[Layout]:
    """Return a text whose lines have one cell by any delimiter, else nothing."""
    for delimiter in DELIMITERS:
        records = _records(sample, replace(dialect, delimiter=delimiter))
        if records and any(len(cells) > 1 for _, cells in records):
            return []
    records = _records(sample, replace(dialect, delimiter=","))
    return [Layout(dialect, [], records)] if records else []


def _with_reasons(layout: Layout, sample: Lines, known: Dialect) -> Layout:
    """Add what is not the default, and why."""
    dialect, comment = layout.dialect, layout.dialect.comment
    line = layout.records[0][0]
    beginning = read_beginning(iter(sample.lines), known.skip, comment, dialect.quote)
    reasons = []
    if comment is not None and known.comment is None:
        number = next(n for n, each in enumerate(sample.lines, 1) if each.startswith(comment))
        reasons.append(f"comment {comment}: line {number} begins with it")
    if known.skip < line - 1 and beginning.before + 1 < line:
        first = sample.lines[beginning.before].strip()
        dialect = replace(dialect, skip=line - 1)
        reasons.append(f"skip {line - 1}: the table begins in line {line}, below {shown(first)}")
        beginning = read_beginning(iter(sample.lines), line - 1, comment, dialect.quote)
    if known.delimiter is None and dialect.delimiter in (None, beginning.delimiter):
        dialect = replace(dialect, delimiter=None)
    elif known.delimiter is None:
        name = _NAMES[str(dialect.delimiter)]
        width = len(layout.records[0][1])
        reasons.append(f"delimiter {name}: it makes {width} cells of every line")
    if dialect.quote != known.quote:
        reasons.append(f"quote {dialect.quote or 'none'}: so all cells are whole")
    if dialect.trailing and not known.trailing:
        reasons.append(f"trailing: the lines below line {line} end with a delimiter")
    if dialect.index == 1 and known.index is None:
        reasons.append("index 1: the header lacks a name for the first column, which counts rows")
    return replace(layout, dialect=dialect, reasons=reasons)
