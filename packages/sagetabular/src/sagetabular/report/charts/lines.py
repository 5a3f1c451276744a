"""Charts of curves: a few that are told apart, or many with one that stands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.report.charts.axes import shorten
from sagetabular.report.charts.svg import (
    HEIGHT,
    LEFT,
    LETTER,
    RIGHT,
    WIDTH,
    canvas,
    element,
    frame,
    markup,
    place,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from markupsafe import Markup

    from sagetabular.report.charts.axes import Axis

    Points = Sequence[tuple[float, float]]

# As many as the style sheet has colours, each with dashes of its own.
TOLD_APART = 5
_LINE, _SWATCH = 18, 26


@dataclass(frozen=True)
class Curve:
    """A line through points; the legend has its name, unless that is empty."""

    name: str
    points: Points
    look: str = "curve0"


def curves(
    title: str,
    description: str,
    axes: tuple[Axis, Axis],
    drawn: Sequence[Curve],
    *,
    guide: Points = (),
    dots: bool = False,
) -> Markup:
    """Draw curves.

    Args:
        title: What they are.
        description: What they say, for those who cannot see them.
        axes: The horizontal one, the vertical one.
        drawn: The curves; later ones lie on top.
        guide: A dashed line to compare them with.
        dots: Mark every point of them.
    """
    named = [curve for curve in drawn if curve.name]
    svg = canvas(title, description, HEIGHT + _LINE * len(named))
    frame(svg, *axes)
    if guide:
        element(svg, "path", class_="guide", d=_path(axes, guide))
    for curve in drawn:
        element(svg, "path", class_=f"curve {curve.look}", d=_path(axes, curve.points))
        if dots:
            group = element(svg, "g", class_="dots")
            for x, y in (place(axes, *point) for point in curve.points):
                element(group, "circle", cx=x, cy=y, r=3.5)
    for index, curve in enumerate(named):
        _legend(svg, curve, HEIGHT + _LINE * index + 8)
    return markup(svg)


def _path(axes: tuple[Axis, Axis], points: Points) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (place(axes, *each) for each in points))


def _legend(svg: Element, curve: Curve, top: float) -> None:
    element(svg, "path", class_=f"curve {curve.look}", d=f"M{LEFT} {top:.1f}h{_SWATCH}")
    start = LEFT + _SWATCH + 8
    text = shorten(curve.name, int((WIDTH - RIGHT - start) / LETTER))
    element(svg, "text", text, class_="name", x=start, y=top + 4)
