"""Whether the first record of a file names its columns."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sagetabular.printing import listed
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.guessing.kinds import column_kind, is_missing, kind_of_cell
from sagetabular.reading.values import BLANKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.reading.guessing.cutting import Layout

_WHOLE = re.compile(r"[0-9]{1,6}(\.0*)?")
_UNNAMED = re.compile(r"Unnamed: [0-9]+")


def find_header(layout: Layout, label: str, said: Mapping[str, Any]) -> Layout:
    """Say whether there is a header, and which column only counts the rows.

    Args:
        layout: How the file is cut into cells.
        label: What errors call it.
        said: The fields that are not to be guessed.

    Raises:
        ReadingError: The first record may be a header as well as a row.
    """
    line, first = layout.records[0]
    has = layout.dialect.header
    if "header" not in said:
        found = _is_header([cell.strip() for cell in first], layout.columns())
        if found is None or (not found and (layout.dialect.skip or layout.dialect.index)):
            raise ReadingError(
                f"{label}: {layout.word} {line} may name the columns, or be a row: "
                f"{listed(first)}.",
                "Say which it is, under data.files in conf/pipeline.yaml: header: true, or "
                "header: false.",
            )
        has = found
        if has and len(layout.records) > 3:
            _refuse_second_header(layout, label)
    reasons = [*layout.reasons]
    dialect = replace(layout.dialect, header=has)
    if not has and "header" not in said:
        if len(first) > 1 and not any(cells[-1].strip(BLANKS) for _, cells in layout.records):
            layout = replace(layout, records=[(at, cells[:-1]) for at, cells in layout.records])
            dialect = replace(dialect, trailing=True)
            reasons.append("trailing: all lines end with a delimiter")
        names = f"column_1 to column_{len(layout.records[0][1])}"
        reasons.append(f"header false: {layout.word} {line} is like those below it; {names}")
    if has and dialect.index is None and (index := _index(first, layout.columns())):
        dialect = replace(dialect, index=index)
        reasons.append(f"index {index}: it only counts the rows, as pandas writes it")
    return replace(layout, dialect=dialect, reasons=reasons)


def _refuse_second_header(layout: Layout, label: str) -> None:
    """Refuse a record of words above numbers, such as units below the names, or a header."""
    line, cells = layout.records[1]
    kinds = [column_kind(column) for column in layout.columns(2)]
    typed = [cell for cell, kind in zip(cells, kinds, strict=True) if kind]
    if typed and all(_is_word(cell) and kind_of_cell(cell) is None for cell in typed):
        raise ReadingError(
            f"{label}: {layout.word} {line} is like no other below the header: {listed(cells)}.",
            "Delete it; or say under data.files in conf/pipeline.yaml that the header is there, "
            f"skip: {line - 1}, or that it is a row, header: true.",
        )


def _is_header(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool | None:
    """Return whether a record is the header of the columns below it; None if that is not plain."""
    if not columns:
        return True if all(kind_of_cell(cell) is None for cell in first) else None
    kinds = [column_kind(column) for column in columns]
    typed = [(cell, kind) for cell, kind in zip(first, kinds, strict=True) if kind]
    recurs = any(
        kind is None and not is_missing(cell) and cell in {each.strip() for each in column}
        for cell, kind, column in zip(first, kinds, columns, strict=True)
    )
    words = any(not is_missing(cell) and kind_of_cell(cell) != kind for cell, kind in typed)
    if typed and words:
        return None if recurs else True
    if typed:
        are_there = any(not is_missing(cell) for cell, _ in typed)
        return False if are_there and not _may_be_names(first, columns) else None
    if recurs:
        return False
    repeats = any(len({*column}) * 2 <= len(column) for column in columns)
    return True if repeats and all(map(_is_word, first)) else None


def _is_word(cell: str) -> bool:
    return any(map(str.isalpha, cell))


def _may_be_names(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Return whether numbers may be names: different whole ones, such as years or wavelengths."""
    if len(first) < 2 or len({*first}) < len(first) or not all(map(_WHOLE.fullmatch, first)):
        return False
    numbers = [float(cell) for cell in first]
    steps = {after - before for before, after in pairwise(numbers)}
    below = [[cell for cell in column if not is_missing(cell)] for column in columns]
    fractions = all(not all(map(_WHOLE.fullmatch, column)) for column in below)
    return len(steps) == 1 or fractions


def _index(first: Sequence[str], columns: Sequence[Sequence[str]]) -> str | None:
    """Return the name that pandas gives to an index without one, if it counts the rows."""
    for name, column in zip(first, columns, strict=bool(columns)):
        if _UNNAMED.fullmatch(name.strip()) and [*column] == [*map(str, range(len(column)))]:
            return name.strip()
    return None
