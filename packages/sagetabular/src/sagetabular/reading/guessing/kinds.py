"""What a cell of an unknown file looks like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from sagetabular.reading.notation import split_unit
from sagetabular.reading.values import BLANKS, BOOLEANS, MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["number", "amount", "date"]

_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([ T,].*)?|[0-9]{1,2}:[0-9]{2}(:.*)?")


def is_missing(cell: str) -> bool:
    """Return whether a cell holds nothing, or a mark without letters and digits such as `?`."""
    return cell.strip(BLANKS) in MISSING or not any(map(str.isalnum, cell))


def kind_of_cell(cell: str) -> Kind | None:
    """Return whether a cell is a number, one with a unit, or a date in any format; else None."""
    text = cell.strip(BLANKS)
    if _DATE.fullmatch(text):
        return "date"
    parts = split_unit(text)
    if parts is None:
        return "number" if text in BOOLEANS else None
    return "amount" if parts[1] else "number"


def column_kind(cells: Sequence[str]) -> Kind | None:
    """Return what all cells of a column are that are not missing; None if they differ."""
    kinds = {kind_of_cell(cell) for cell in cells if not is_missing(cell)}
    return kinds.pop() if len(kinds) == 1 else None
