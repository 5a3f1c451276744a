"""Drawings as SVG: made here, styled by the page, so that they follow its light and dark colours.

Every drawing carries a title and a description for those who cannot see it. The elements are built
as a tree, which escapes whatever text is put into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from markupsafe import Markup

if TYPE_CHECKING:
    from sagetabular.report.charts.axes import Axis

WIDTH, HEIGHT = 380, 250
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 10, 40
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
ROW = 24
LETTER = 7.0  # width of an average letter at the page's font size for charts


def element(parent: ET.Element, tag: str, text: str = "", **attributes: object) -> ET.Element:
    """Add an element; `class_` becomes `class` and `text_anchor` `text-anchor`."""
    texts = {
        name: f"{value:.1f}" if isinstance(value, float) else str(value)
        for name, value in attributes.items()
    }
    named = {name.rstrip("_").replace("_", "-"): value for name, value in texts.items()}
    child = ET.SubElement(parent, tag, named)
    child.text = text or None
    return child


def canvas(title: str, description: str, height: float, width: float = WIDTH) -> ET.Element:
    """Return an empty drawing."""
    box = f"0 0 {width:g} {height:g}"
    svg = ET.Element("svg", {"viewBox": box, "role": "img", "width": f"{width:g}"})
    element(svg, "title", title)
    element(svg, "desc", description)
    return svg


def markup(svg: ET.Element) -> Markup:
    """Return the drawing as text; its content is escaped, so the page may take it as it is."""
    return Markup(ET.tostring(svg, encoding="unicode"))  # noqa: S704 - escaped by ElementTree


def frame(svg: ET.Element, x: Axis, y: Axis) -> None:
    """Draw axes with ticks, grid and labels; below them the drawing may go on."""
    bottom = HEIGHT - BOTTOM
    for value, text in x.ticks():
        at = LEFT + x.share(value) * PLOT_WIDTH
        element(svg, "path", class_="grid", d=f"M{at:.1f} {TOP}V{bottom}")
        element(svg, "text", text, class_="tick", x=at, y=bottom + 15, text_anchor="middle")
    for value, text in y.ticks():
        at = TOP + (1 - y.share(value)) * PLOT_HEIGHT
        element(svg, "path", class_="grid", d=f"M{LEFT} {at:.1f}H{WIDTH - RIGHT}")
        element(svg, "text", text, class_="tick", x=LEFT - 5, y=at + 4, text_anchor="end")
    middle = LEFT + PLOT_WIDTH / 2
    element(svg, "text", x.label, class_="label", x=middle, y=bottom + 33, text_anchor="middle")
    turn = f"translate(10 {TOP + PLOT_HEIGHT / 2:g}) rotate(-90)"
    element(svg, "text", y.label, class_="label", transform=turn, text_anchor="middle")


def place(axes: tuple[Axis, Axis], x: float, y: float) -> tuple[float, float]:
    """Return where a point lies in the drawing of a frame."""
    return LEFT + axes[0].share(x) * PLOT_WIDTH, TOP + (1 - axes[1].share(y)) * PLOT_HEIGHT
