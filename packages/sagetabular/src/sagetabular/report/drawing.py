"""A graph as SVG, every step below the steps that it waits for; and as Mermaid's text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sagetabular.report.charts.axes import shorten
from sagetabular.report.charts.svg import LETTER, WIDTH, canvas, element, markup
from sagetabular.report.graph import CONDITION

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from markupsafe import Markup

    from sagetabular.report.graph import DrawnGraph, Edge, Node

TITLE = "The steps of the pipeline and what each waits for"
HEIGHT, GAP, WIDEST, COLUMN = 38, 22, 180, 122
STYLE = Path(__file__).parent / "templates/drawing.css"
NAMESPACE = "http://www.w3.org/2000/svg"

# Name of a step → middle, top and width of its box.
Places = dict[str, tuple[float, float, float]]

ARROWS = {"result": "-->", "branch": "-->", "order": "-.->"}


def draw(graph: DrawnGraph, column: float = COLUMN) -> Markup:
    """Draw a graph for a page that brings the style.

    Args:
        graph: Steps and edges.
        column: Least width of a step; longer names are cut.
    """
    return markup(_drawing(graph, column))


def draw_alone(graph: DrawnGraph) -> str:
    """Draw a graph as a file of its own, with whole names and the style inside."""
    svg = _drawing(graph, column_of(graph))
    svg.set("xmlns", NAMESPACE)
    style = element(svg, "style", STYLE.read_text(encoding="utf-8"))
    svg.remove(style)
    svg.insert(2, style)  # behind title and description, which must come first
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{markup(svg)}\n'


def column_of(graph: DrawnGraph) -> float:
    """Return the width at which no name needs to be cut."""
    longest = max((len(text) for node in graph.nodes for text in (node.name, node.note)), default=0)
    return max(COLUMN, (longest + 2) * LETTER + 10)


def _drawing(graph: DrawnGraph, column: float) -> ET.Element:
    layers = graph.layers()
    width = max(WIDTH, max(map(len, layers), default=0) * column)
    order = "; then ".join(" and ".join(node.name for node in layer) for layer in layers)
    svg = canvas(TITLE, order, len(layers) * (HEIGHT + GAP) - GAP + 4, width)
    if width > WIDTH:
        svg.set("class", "broad")
    places = _places(layers, width, max(WIDEST, column - 10))
    for edge in graph.edges:
        _draw_edge(svg, edge, places)
    for node in graph.nodes:
        _draw_node(svg, node, places)
    return svg


def _places(layers: list[list[Node]], width: float, widest: float) -> Places:
    return {
        node.name: (
            (index + 0.5) * width / len(layer),
            2.0 + depth * (HEIGHT + GAP),
            min(widest, width / len(layer) - 10),
        )
        for depth, layer in enumerate(layers)
        for index, node in enumerate(layer)
    }


def _draw_edge(svg: ET.Element, edge: Edge, places: Places) -> None:
    (a, top, _), (x, y, _) = places[edge.start], places[edge.end]
    b = top + HEIGHT
    turn = (b + y) / 2
    path = f"M{a:.1f} {b}C{a:.1f} {turn} {x:.1f} {turn} {x:.1f} {y}"
    element(svg, "path", class_=f"edge {edge.kind}", d=path)
    if edge.label:
        side, anchor = (-6, "end") if a > x else (6, "start")  # where the line does not run
        element(svg, "text", edge.label, class_="tick", x=x + side, y=y - 5, text_anchor=anchor)


def _draw_node(svg: ET.Element, node: Node, places: Places) -> None:
    x, y, box = places[node.name]
    group = element(svg, "g", class_=f"node {node.state}".rstrip())
    round_ = HEIGHT / 2 if node.kind == "Condition" else 6
    element(group, "rect", x=x - box / 2, y=y, width=box, height=HEIGHT, rx=round_)
    shown = shorten(node.name, int(box / LETTER) - 1)
    element(group, "text", shown, class_="name", x=x, y=y + 16, text_anchor="middle")
    element(group, "text", node.note, class_="tick", x=x, y=y + 31, text_anchor="middle")


def mermaid(graph: DrawnGraph) -> str:
    """Write a graph as a flowchart; what only waits has a dotted arrow."""
    lines = ["flowchart TD"]
    lines += [f"    {_identifier(node.name)}{_shape(node)}" for node in graph.nodes]
    lines += [f"    {_arrow(edge)}" for edge in graph.edges]
    return "\n".join(lines) + "\n"


def _identifier(name: str) -> str:
    """Return a word that is none of Mermaid's own (`end`, `style`), one for each name."""
    safe = "".join(
        char if char.isascii() and char.isalnum() else "__" if char == "_" else f"_{ord(char):x}_"
        for char in name
    )
    return f"step_{safe}"


def _shape(node: Node) -> str:
    label = f'"{_entities(node.name)}<br/><small>{_entities(node.note)}</small>"'
    return f"{{{label}}}" if node.kind == CONDITION else f"[{label}]"


def _arrow(edge: Edge) -> str:
    label = f'|"{_entities(edge.label)}"|' if edge.label else ""
    return f"{_identifier(edge.start)} {ARROWS[edge.kind]}{label} {_identifier(edge.end)}"


def _entities(text: str) -> str:
    """Write all but letters, digits and a few signs as Mermaid's entities, `#35;` for `#`."""
    return "".join(char if char.isalnum() or char in " -_.," else f"#{ord(char)};" for char in text)
