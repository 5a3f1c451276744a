"""A graph as Mermaid's text, which GitHub, GitLab and many editors draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.report.graph import CONDITION

if TYPE_CHECKING:
    from sagetabular.report.graph import DrawnGraph, Edge, Node

ARROWS = {"result": "-->", "branch": "-->", "order": "-.->"}


def mermaid(graph: DrawnGraph) -> str:
    """Write a graph as a flowchart; what only waits has a dotted arrow."""
    lines = ["flowchart TD"]
    lines += [f"    {_identifier(node.name)}{_shape(node)}" for node in graph.nodes]
    lines += [f"    {_arrow(edge)}" for edge in graph.edges]
    return "\n".join(lines) + "\n"


def _identifier(name: str) -> str:
    """A word that is none of Mermaid's own (`end`, `style`), different for different names."""
    safe = "".join(
        char if char.isascii() and char.isalnum() else "__" if char == "_" else f"_{ord(char):x}_"
        for char in name
    )
    return f"step_{safe}"


def _shape(node: Node) -> str:
    label = f'"{_escaped(node.name)}<br/><small>{_escaped(node.note)}</small>"'
    return f"{{{label}}}" if node.kind == CONDITION else f"[{label}]"


def _arrow(edge: Edge) -> str:
    label = f'|"{_escaped(edge.label)}"|' if edge.label else ""
    return f"{_identifier(edge.start)} {ARROWS[edge.kind]}{label} {_identifier(edge.end)}"


def _escaped(text: str) -> str:
    """Everything but letters, digits and a few signs as Mermaid's entities, `#35;` for `#`."""
    return "".join(char if char.isalnum() or char in " -_.," else f"#{ord(char)};" for char in text)
