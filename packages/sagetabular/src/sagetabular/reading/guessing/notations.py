"""Whether numbers have a decimal point or a comma, and what separates their thousands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sagetabular.reading.errors import ReadingError
from sagetabular.reading.guessing.kinds import is_missing
from sagetabular.reading.notation import THOUSANDS, Notation, split_unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagetabular.reading.guessing.cutting import Layout

# The simpler ones first.
_NOTATIONS = [
    Notation(decimal, thousands)
    for thousands in (None, *THOUSANDS)
    for decimal in (".", ",")
    if decimal != thousands
]
Columns = dict[int, list[str]]


def find_notation(layout: Layout, label: str, said: Mapping[str, Any]) -> Layout:
    """Say how numbers are written in text.

    Args:
        layout: How the file is cut into cells, and whether it has a header.
        label: What errors call it.
        said: The fields that are not to be guessed.

    Raises:
        ReadingError: Numbers can be read in two ways, or columns are written in different ways.
    """
    columns = _numbers(layout)
    fits = {each: _values(columns, each) for each in _NOTATIONS if _may_be(each, layout, said)}
    notation, values = max(fits.items(), key=lambda each: len(each[1]))  # the first of the best
    for other, its in fits.items():
        if its.keys() - values.keys():
            raise _contradiction(label, layout, columns, (notation, other), (values, its))
        if its.keys() == values.keys() and its != values:
            raise _two_ways(label, layout, columns, (notation, other), (values, its))
    dialect = replace(layout.dialect, decimal=notation.decimal, thousands=notation.thousands)
    fitted = {place: columns[place] for place in values}
    reasons = [*layout.reasons, *_reasons(layout, fitted, notation, said)]
    return replace(layout, dialect=dialect, reasons=reasons)


def _may_be(notation: Notation, layout: Layout, said: Mapping[str, Any]) -> bool:
    decimal, thousands = layout.dialect.decimal, layout.dialect.thousands
    return ("decimal" not in said or notation.decimal == decimal) and (
        "thousands" not in said or notation.thousands == thousands
    )


def _numbers(layout: Layout) -> Columns:
    """Return the columns that may hold numbers: place → these as written, without units."""
    first = int(layout.dialect.header)
    found = {}
    for place, column in enumerate(layout.columns(first)):
        are_text = [True] * len(column)
        if layout.texts is not None:
            are_text = [row[place] for row in layout.texts[first:]]
        cells = [cell for cell, is_text in zip(column, are_text, strict=True) if is_text and cell]
        parts = [split_unit(cell) for cell in cells if not is_missing(cell)]
        if parts and all(parts):
            found[place] = [part[0] for part in parts if part]
    return found


def _values(columns: Columns, notation: Notation) -> dict[int, list[str]]:
    """Return the columns that a notation fits: place → the numbers in plain notation."""
    found = {}
    for place, cells in columns.items():
        try:
            found[place] = [notation.plain(cell) for cell in cells]
        except ValueError:
            continue
    return found


def _reasons(
    layout: Layout, columns: Columns, notation: Notation, said: Mapping[str, Any]
) -> Iterator[str]:
    """Yield why it is no decimal point, and what separates thousands."""
    cells = [(place, cell) for place, its in columns.items() for cell in its]
    if notation.decimal == "," and "decimal" not in said:
        place, example = next(
            ((p, c) for p, c in cells if _differs(c, notation, replace(notation, decimal="."))),
            cells[0],
        )
        yield f"decimal comma: {_name(layout, place)} holds {example}"
    if notation.thousands is not None and "thousands" not in said:
        place, example = next(
            ((p, c) for p, c in cells if _differs(c, notation, replace(notation, thousands=None))),
            cells[0],
        )
        mark = "a blank" if notation.thousands == " " else notation.thousands
        yield f"thousands {mark}: {_name(layout, place)} holds {example}"


def _differs(cell: str, one: Notation, other: Notation) -> bool:
    """Return whether another notation reads a number otherwise, or not at all."""
    try:
        return one.plain(cell) != other.plain(cell)
    except ValueError:
        return True


def _name(layout: Layout, place: int) -> str:
    """Return what a column is called."""
    name = layout.records[0][1][place].strip() if layout.dialect.header else ""
    return name or f"column {place + 1}"


def _contradiction(
    label: str,
    layout: Layout,
    columns: Columns,
    notations: tuple[Notation, Notation],
    fits: tuple[Columns, Columns],
) -> ReadingError:
    """Return the error for columns of which no notation fits all."""
    place = min(fits[1].keys() - fits[0].keys())
    cell = next(each for each in columns[place] if not _reads(each, notations[0]))
    place_of_other = min(fits[0].keys() - fits[1].keys())
    other = next(each for each in columns[place_of_other] if not _reads(each, notations[1]))
    return ReadingError(
        f"{label}: numbers are written in two ways: {_name(layout, place_of_other)} holds "
        f"{other}, and {_name(layout, place)} holds {cell}.",
        "Write them in one way; or say under data.files in conf/pipeline.yaml which one is a "
        'number, as in decimal: "," and the other one stays text.',
    )


def _reads(cell: str, notation: Notation) -> bool:
    try:
        notation.plain(cell)
    except ValueError:
        return False
    return True


def _two_ways(
    label: str,
    layout: Layout,
    columns: Columns,
    notations: tuple[Notation, Notation],
    fits: tuple[Columns, Columns],
) -> ReadingError:
    """Return the error for numbers that two notations read otherwise."""
    place, row = next(
        (place, row)
        for place, numbers in fits[0].items()
        for row, number in enumerate(numbers)
        if number != fits[1][place][row]
    )
    meanings = [
        f"{_setting(notation)} if it is {its[place][row]}"
        for notation, its in zip(notations, fits, strict=True)
    ]
    return ReadingError(
        f"{label}: {_name(layout, place)} holds {columns[place][row]}, which can be read in two "
        "ways.",
        f"Say which it is, under data.files in conf/pipeline.yaml: {', or '.join(meanings)}.",
    )


def _setting(notation: Notation) -> str:
    if notation.thousands is None:
        return f'decimal: "{notation.decimal}"'
    return f'thousands: "{notation.thousands}"'
