"""Parts of the page: tables, and charts with the table behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

NONE = "-"


@dataclass(frozen=True)
class Table:
    """Text in rows; columns whose header ends in a blank hold numbers and are right-aligned.

    The first cell of a row is its header.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Chart:
    """A drawing, a sentence about it, and its numbers for those who want or need them."""

    title: str
    svg: Markup
    table: Table
    note: str = ""


@dataclass(frozen=True)
class ModelSection:
    """The charts and tables of one model."""

    name: str
    note: str
    charts: list[Chart] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def figure(value: float | None, digits: int = 4) -> str:
    """Return a number for a table; a dash where there is none."""
    return NONE if value is None else f"{value:,.{digits}f}"
