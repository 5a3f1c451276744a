"""Which delimiter and quotes a text has, and which lines stand above its table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sagetabular.printing import shown
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.guessing.cutting import Layout, Lines, cut, one_column
from sagetabular.reading.guessing.kinds import column_kind
from sagetabular.reading.records import BLANK, DELIMITERS, read_beginning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.reading.dialect import Dialect

COMMENT = "#"
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", BLANK: "blanks"}
_WRITTEN = {"\t": "tab", BLANK: "blanks"}


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
    if _first_line(commented) < _first_line(plain):  # a header above the first of them is no chance
        return True
    return are_above or max(map(_typed, commented)) > max(map(_typed, plain))


def _first_line(found: list[Layout]) -> int:
    """Return the line in which the table begins."""
    return min(layout.records[0][0] for layout in found)


def _found(sample: Lines, known: Dialect, said: Mapping[str, Any]) -> list[Layout]:
    """Return the layouts that make a text a table, by any delimiter that is possible."""
    found = [
        layout
        for delimiter in _delimiters(sample, known, said)
        if (layout := cut(sample, replace(known, delimiter=delimiter), said))
    ]
    # What makes the very first line a header is no chance.
    found = [layout for layout in found if layout.records[0][0] == _first_line(found)]
    if known.delimiter is None:
        blank = cut(sample, replace(known, delimiter=BLANK), said)
        found = [blank] if blank and _has_more_types(blank, found) else found
    return found or one_column(sample, known)


def _delimiters(sample: Lines, known: Dialect, said: Mapping[str, Any]) -> Sequence[str]:
    beginning = read_beginning(iter(sample.lines), known.skip, known.comment)
    if known.delimiter is not None:
        return [known.delimiter]
    return [beginning.delimiter] if beginning.said and "delimiter" not in said else DELIMITERS


def _typed(layout: Layout) -> float:
    """Return the share of the columns whose cells are all numbers, or all dates."""
    return sum(map(bool, map(column_kind, layout.columns()))) / len(layout.records[0][1])


def _has_more_types(blank: Layout, others: Sequence[Layout]) -> bool:
    """Return whether blanks separate cells: they stand in texts too, and in comments."""
    if blank.records[0][1][0] == COMMENT:
        return False
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
