"""Charts in a frame of two axes: points, and bars."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from sagetabular.report.charts.svg import (
    HEIGHT,
    LEFT,
    PLOT_HEIGHT,
    PLOT_WIDTH,
    TOP,
    canvas,
    element,
    frame,
    markup,
    place,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from markupsafe import Markup

    from sagetabular.report.charts.axes import Axis


@dataclass(frozen=True)
class Side:
    """One side of a mirrored chart: its name, and a height for each bar, all from 0."""

    name: str
    heights: Sequence[float]


def scatter(
    title: str,
    description: str,
    axes: tuple[Axis, Axis],
    points: Sequence[tuple[float, float]],
    *,
    line: Sequence[tuple[float, float]] = (),
    highlight: int | None = None,
    hollow: Collection[int] = (),
    small: bool = False,
) -> Markup:
    """Draw points, some hollow, perhaps with a line through places and one that stands out."""
    svg = canvas(title, description, HEIGHT)
    frame(svg, *axes)
    group = element(svg, "g", class_="small dots" if small else "dots")
    for index, (across, down) in enumerate(place(axes, *point) for point in points):
        element(
            group,
            "circle",
            cx=across,
            cy=down,
            r=5 if index == highlight else 1.6 if small else 3.5,
            class_="best" if index == highlight else "hollow" if index in hollow else "dot",
        )
    if line:
        places = [place(axes, *point) for point in line]
        element(svg, "path", class_="line", d="M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in places))
    return markup(svg)


def histogram(
    title: str,
    description: str,
    axes: tuple[Axis, Axis],
    edges: Sequence[float],
    counts: Sequence[int],
) -> Markup:
    """Draw bars between neighbouring edges, one for each count."""
    x, y = axes
    svg = canvas(title, description, HEIGHT)
    frame(svg, x, y)
    floor = TOP + (1 - y.share(0)) * PLOT_HEIGHT
    for (low, high), count in zip(pairwise(edges), counts, strict=True):
        left, right = (LEFT + x.share(edge) * PLOT_WIDTH for edge in (low, high))
        top = TOP + (1 - y.share(count)) * PLOT_HEIGHT
        width = max(right - left - 1, 0.5)
        element(svg, "rect", class_="bar", x=left + 0.5, y=top, width=width, height=floor - top)
    return markup(svg)


def mirrored(
    title: str,
    description: str,
    axes: tuple[Axis, Axis],
    edges: Sequence[float],
    sides: tuple[Side, Side],
) -> Markup:
    """Draw bars between neighbouring edges, those of one side upwards, of the other downwards."""
    svg = canvas(title, description, HEIGHT)
    frame(svg, *axes)
    for side, sign, look in zip(sides, (1, -1), ("bar", "bar other"), strict=True):
        for (low, high), height in zip(pairwise(edges), side.heights, strict=True):
            left, end = place(axes, low, max(sign * height, 0))
            right, start = place(axes, high, min(sign * height, 0))
            width = max(right - left - 1, 0.5)
            element(svg, "rect", class_=look, x=left + 0.5, y=end, width=width, height=start - end)
        at = TOP + 14 if sign > 0 else TOP + PLOT_HEIGHT - 6
        element(svg, "text", side.name, class_="name", x=LEFT + PLOT_WIDTH / 2, y=at,
                text_anchor="middle")  # fmt: skip
    return markup(svg)
