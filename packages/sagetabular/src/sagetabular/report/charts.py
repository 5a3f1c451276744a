"""Charts as SVG: drawn here, styled by the page, so that they follow its light and dark colours.

Every chart carries a title and a description for those who cannot see it. The elements are built
as a tree, which escapes whatever text is put into it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

WIDTH, HEIGHT = 380, 250
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 10, 40
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
ROW = 24
LETTER = 7.0  # width of an average letter at the page's font size for charts


def short(value: str) -> str:
    """Return a hyperparameter with four digits, if it is a number with more."""
    try:
        return f"{float(value):.4g}" if "." in value or "e" in value else value
    except ValueError:
        return value


def number(value: float, digits: int = 4) -> str:
    """Return a number as a tick shows it: so many digits, thousands as k."""
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            return f"{value / (1e3 if suffix == 'k' else limit):.{digits}g}{suffix}"
    return f"{value:.{digits}g}"


@dataclass(frozen=True)
class Axis:
    """From where to where, and what it is called; with `names`, one place for each of them."""

    label: str
    low: float
    high: float
    logarithmic: bool = False
    names: tuple[str, ...] = ()

    @classmethod
    def around(cls, label: str, values: Iterable[float], *, logarithmic: bool = False) -> Axis:
        """Return an axis that shows all values with a little room."""
        known = [math.log10(value) if logarithmic else value for value in values]
        low, high = min(known), max(known)
        room = (high - low) * 0.04 or abs(low) * 0.05 or 0.5
        low, high = low - room, high + room
        return cls(label, 10**low, 10**high, True) if logarithmic else cls(label, low, high)

    @classmethod
    def of_names(cls, label: str, names: Sequence[str]) -> Axis:
        """Return an axis with one place for each name; its values are 0, 1, 2, …."""
        return cls(label, -0.5, len(names) - 0.5, names=tuple(names))

    def share(self, value: float) -> float:
        """Return the place of a value: 0 at the low end, 1 at the high one."""
        low, high, at = self.low, self.high, value
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(value)
        return (at - low) / (high - low)

    def ticks(self) -> list[tuple[float, str]]:
        """Return three to seven round values with their text."""
        if self.names:
            return list(enumerate(shorten(name, 54 // len(self.names)) for name in self.names))
        values = self._decades() if self.logarithmic else []
        if len(values) > 1:
            return [(value, number(value)) for value in values]
        values = self._even()
        # Enough digits to tell one from the next: R2 of late trials differ in the fifth.
        ratio = max(abs(self.low), abs(self.high)) / (self.high - self.low)
        digits = max(4, math.ceil(math.log10(ratio)) + 2)
        return [(value, number(value, digits)) for value in values]

    def _decades(self) -> list[float]:
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for leading in ((1, 2, 5), (1, 3), (1,)):
            values = [lead * 10.0**exponent for exponent in exponents for lead in leading]
            shown = [value for value in values if self.low <= value <= self.high]
            if len(shown) <= 6:
                break
        return shown[:: len(shown) // 7 + 1]

    def _even(self) -> list[float]:
        rough = (self.high - self.low) / 6
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(unit * size for size in (1, 2, 2.5, 5, 10) if unit * size >= rough)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [index * step for index in range(first, last + 1)]


def shorten(text: str, letters: int) -> str:
    """Return the text, cut where it would run into its neighbour."""
    return text if len(text) <= max(letters, 3) else f"{text[: max(letters, 3) - 1]}…"


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


def _frame(svg: ET.Element, x: Axis, y: Axis | None) -> None:
    """Draw axes with ticks, grid and labels; with `y` None only the horizontal one."""
    bottom = float(svg.attrib["viewBox"].split()[3]) - BOTTOM
    for value, text in x.ticks():
        at = LEFT + x.share(value) * PLOT_WIDTH
        element(svg, "path", class_="grid", d=f"M{at:.1f} {TOP}V{bottom:.1f}")
        element(svg, "text", text, class_="tick", x=at, y=bottom + 15, text_anchor="middle")
    for value, text in y.ticks() if y else ():
        at = TOP + (1 - y.share(value)) * PLOT_HEIGHT if y else 0
        element(svg, "path", class_="grid", d=f"M{LEFT} {at:.1f}H{WIDTH - RIGHT}")
        element(svg, "text", text, class_="tick", x=LEFT - 5, y=at + 4, text_anchor="end")
    middle = LEFT + PLOT_WIDTH / 2
    element(svg, "text", x.label, class_="label", x=middle, y=bottom + 33, text_anchor="middle")
    if y:
        turn = f"translate(11 {TOP + PLOT_HEIGHT / 2:g}) rotate(-90)"
        element(svg, "text", y.label, class_="label", transform=turn, text_anchor="middle")


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
    x, y = axes
    svg = canvas(title, description, HEIGHT)
    _frame(svg, x, y)
    place = [
        (LEFT + x.share(a) * PLOT_WIDTH, TOP + (1 - y.share(b)) * PLOT_HEIGHT) for a, b in line
    ]
    group = element(svg, "g", class_="small dots" if small else "dots")
    for index, (a, b) in enumerate(points):
        element(
            group,
            "circle",
            cx=LEFT + x.share(a) * PLOT_WIDTH,
            cy=TOP + (1 - y.share(b)) * PLOT_HEIGHT,
            r=5 if index == highlight else 1.6 if small else 3.5,
            class_="best" if index == highlight else "hollow" if index in hollow else "dot",
        )
    if place:
        element(svg, "path", class_="line", d="M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in place))
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
    _frame(svg, x, y)
    floor = TOP + (1 - y.share(0)) * PLOT_HEIGHT
    for (low, high), count in zip(pairwise(edges), counts, strict=True):
        left, right = (LEFT + x.share(edge) * PLOT_WIDTH for edge in (low, high))
        top = TOP + (1 - y.share(count)) * PLOT_HEIGHT
        width = max(right - left - 1, 0.5)
        element(svg, "rect", class_="bar", x=left + 0.5, y=top, width=width, height=floor - top)
    return markup(svg)
