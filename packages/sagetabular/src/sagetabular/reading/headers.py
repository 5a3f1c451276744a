"""Which names the columns of a file have, and which of them is left out."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from sagetabular.printing import listed
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.values import BLANKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sagetabular.reading.dialect import Dialect

Cell = TypeVar("Cell")

_PLACE = "conf/pipeline.yaml: data.files"


def name_columns(
    records: Iterator[tuple[int, list[Cell]]], label: str, dialect: Dialect
) -> tuple[list[str], Iterator[tuple[int, list[Cell]]]]:
    """Return the names of a file's columns as written, and the records below them.

    Args:
        records: Line or row, and the cells; the first one is the header, if there is one.
        label: What errors call the file.
        dialect: How it is written.

    Raises:
        ReadingError: There is no record, or not as many cells as the dialect names.
    """
    first = next(records, None)
    if first is None:
        raise ReadingError(f"{label} has no rows.", "Add a header row, and data below it.")
    if not dialect.header:
        return _given_names(first[1], label, dialect), chain([first], records)
    names = [_text(cell).strip() for cell in first[1]]
    second = next(records, None) if dialect.index == 1 else None
    if second is None:
        return names, records
    ends_empty = dialect.trailing and not _text(second[1][-1]).strip(BLANKS)
    lacks_one = len(second[1]) == len(names) + 1 and names[0] and not ends_empty
    return ["", *names] if lacks_one else names, chain([second], records)


def _given_names(cells: Sequence[object], label: str, dialect: Dialect) -> list[str]:
    """Return the columns of a file without a header."""
    width = len(cells)
    if dialect.trailing and not _text(cells[-1]).strip(BLANKS):
        width -= 1
    names = [*dialect.names] or [f"column_{number}" for number in range(1, width + 1)]
    if len(names) != width:
        raise ReadingError(
            f"{_PLACE}.names must name the {width} columns of {label}, got {len(names)}: "
            f"{listed(names)}.",
            "Name each column, from the left to the right.",
        )
    return names


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)


def without_trailing(
    records: Iterable[tuple[int, list[str]]], width: int
) -> Iterator[tuple[int, list[str]]]:
    """Leave out an empty cell behind the last one."""
    for line, cells in records:
        is_longer = len(cells) == width + 1 and not cells[-1].strip(BLANKS)
        yield line, cells[:-1] if is_longer else cells


def place_of_index(names: Sequence[str], label: str, index: str | int | None) -> int | None:
    """Return the position of the column that is left out, from 0; None if all are kept.

    Raises:
        ReadingError: There is no such column.
    """
    if index is None:
        return None
    if isinstance(index, int) and index <= len(names):
        return index - 1
    if index in names:
        return names.index(str(index))
    raise ReadingError(
        f"{_PLACE}.index must be a column of {label}, got {index!r}.",
        f"It has {listed([*names])}.",
    )
