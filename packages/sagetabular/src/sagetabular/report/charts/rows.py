"""Charts with one row for each name: bars, and values with their spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.report.charts.axes import Axis, shorten
from sagetabular.report.charts.svg import LETTER, ROW, WIDTH, canvas, element, markup

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from markupsafe import Markup

NAMES, FIGURES, GAP = 142, 60, 8


@dataclass(frozen=True)
class Strip:
    """Values of one row, their mean and the standard deviation around it, if there is one."""

    name: str
    values: Sequence[float]
    mean: float
    deviation: float | None


def bars(title: str, description: str, rows: Sequence[tuple[str, float, str]]) -> Markup:
    """Draw one bar for each name, value from 0, and text."""
    svg = canvas(title, description, ROW * len(rows) + 4)
    widest = max((value for _, value, _ in rows), default=0) or 1
    room = WIDTH - NAMES - FIGURES - GAP
    for index, (name, value, text) in enumerate(rows):
        top = 2 + ROW * index
        _name(svg, name, top)
        element(svg, "rect", class_="bar", x=NAMES, y=top + 4, height=ROW - 8,
                width=max(room * value / widest, 1.0))  # fmt: skip
        end = NAMES + room * value / widest + 5
        element(svg, "text", text, class_="tick", x=end, y=top + 16)
    return markup(svg)


def strips(title: str, description: str, label: str, rows: Sequence[Strip]) -> Markup:
    """Draw one line of dots for each row, with a bar for the mean and a band for its spread."""
    svg = canvas(title, description, 2 * ROW * len(rows) + 40)
    spreads = [row.mean + side * (row.deviation or 0) for row in rows for side in (-1, 1)]
    axis = Axis.around(label, [*spreads, *(value for row in rows for value in row.values)])
    bottom, width = 2 * ROW * len(rows) + 2, WIDTH - NAMES - 2 * GAP
    for value, text in axis.ticks():
        at = NAMES + axis.share(value) * width
        element(svg, "path", class_="grid", d=f"M{at:.1f} 2V{bottom}")
        element(svg, "text", text, class_="tick", x=at, y=bottom + 15, text_anchor="middle")
    for index, row in enumerate(rows):
        middle = 2 + ROW * (2 * index + 1)
        _name(svg, row.name, middle - ROW / 2)
        places = [NAMES + axis.share(value) * width for value in row.values]
        if row.deviation is not None:
            low, high = (axis.share(row.mean + side * row.deviation) for side in (-1, 1))
            element(svg, "rect", class_="band", x=NAMES + low * width, y=middle - 12, height=24,
                    width=(high - low) * width)  # fmt: skip
        group = element(svg, "g", class_="dots")
        for place in places:
            element(group, "circle", cx=place, cy=middle, r=4)
        at = NAMES + axis.share(row.mean) * width
        element(svg, "path", class_="line", d=f"M{at:.1f} {middle - 14:.1f}v28")
    element(svg, "text", label, class_="label", x=NAMES + width / 2, y=bottom + 32,
            text_anchor="middle")  # fmt: skip
    return markup(svg)


def _name(svg: Element, name: str, top: float) -> None:
    text = shorten(name, int((NAMES - GAP) / LETTER))
    element(svg, "text", text, class_="name", x=NAMES - GAP, y=top + 16, text_anchor="end")
