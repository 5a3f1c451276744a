"""A square of shares: rows, columns, and in each cell how much of its row lies there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.report.charts.axes import shorten
from sagetabular.report.charts.svg import LETTER, WIDTH, canvas, element, markup

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from markupsafe import Markup

_SIDE, _GAP, _TITLE, _END = 92, 6, 18, 4
_MOST_LEVEL = 4  # so many names of columns stand side by side; more are turned
_TURNED = 80
_LARGE, _MEDIUM = 44, 20  # width of a cell for two lines, and for letters of the usual size
_STRONGEST = 0.55  # the text in a cell stays readable


def matrix(
    title: str,
    description: str,
    names: Sequence[str],
    counts: Sequence[Sequence[int]],
    shares: Sequence[Sequence[float]],
) -> Markup:
    """Draw a cell for each pair of names; those on the diagonal are the right ones.

    Args:
        title: What it is.
        description: What it says, for those who cannot see it.
        names: Of the rows and of the columns, shape (names,).
        counts: Of each row and column, shape (names, names).
        shares: The same by the sum of their row, shape (names, names).
    """
    size = (WIDTH - _SIDE - _GAP - _END) / len(names)
    level = len(names) <= _MOST_LEVEL
    top = _TITLE + (LETTER + 14 if level else _TURNED)
    height = min(size, 52.0)
    svg = canvas(title, description, top + height * len(names) + _END)
    _titles(svg, top + height * len(names) / 2)
    for index, name in enumerate(names):
        _row_name(svg, name, top + height * (index + 0.5))
        _column_name(svg, name, _SIDE + _GAP + size * (index + 0.5), (top, size, level))
        for column, share in enumerate(shares[index]):
            place = _SIDE + _GAP + size * column, top + height * index
            _cell(svg, place, (size, height), (counts[index][column], share), index == column)
    return markup(svg)


def _titles(svg: Element, middle: float) -> None:
    across = _SIDE + _GAP + (WIDTH - _SIDE - _GAP - _END) / 2
    element(svg, "text", "predicted", class_="label", x=across, y=12, text_anchor="middle")
    turn = f"translate(11 {middle:.1f}) rotate(-90)"
    element(svg, "text", "actual", class_="label", transform=turn, text_anchor="middle")


def _row_name(svg: Element, name: str, middle: float) -> None:
    text = shorten(name, int((_SIDE - 18) / LETTER))
    element(svg, "text", text, class_="name", x=_SIDE, y=middle + 4, text_anchor="end")


def _column_name(svg: Element, name: str, middle: float, room: tuple[float, float, bool]) -> None:
    top, size, level = room
    if level:
        text = shorten(name, int(size / LETTER) - 1)
        element(svg, "text", text, class_="name", x=middle, y=top - 6, text_anchor="middle")
        return
    turn = f"translate({middle + 4:.1f} {top - 5:.1f}) rotate(-90)"
    element(svg, "text", shorten(name, int((_TURNED - 10) / LETTER)), class_="name", transform=turn)


def _cell(
    svg: Element,
    place: tuple[float, float],
    size: tuple[float, float],
    found: tuple[int, float],
    right: bool,
) -> None:
    (x, y), (width, height), (count, share) = place, size, found
    look = "cell right" if right else "cell"
    element(svg, "rect", class_=look, x=x, y=y, width=width - 1, height=height - 1,
            fill_opacity=f"{share * _STRONGEST:.2f}")  # fmt: skip
    middle, base = x + width / 2, y + height / 2 + 4
    if width >= _LARGE:
        element(svg, "text", f"{count:,}", class_="name", x=middle, y=base - 7,
                text_anchor="middle")  # fmt: skip
        element(svg, "text", f"{share:.0%}", class_="tick", x=middle, y=base + 9,
                text_anchor="middle")  # fmt: skip
    elif share >= 0.005:
        look = "name" if width >= _MEDIUM else "name tiny"
        element(svg, "text", f"{100 * share:.0f}", class_=look, x=middle, y=base,
                text_anchor="middle")  # fmt: skip
