"""The pipeline as a graph: its steps, and what makes each of them wait."""

from __future__ import annotations

from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Literal

from sagelocal.definition import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sagelocal.definition import Step

CONDITION = "Condition"


@dataclass(frozen=True)
class Node:
    """A step as it is drawn.

    Attributes:
        name: Its name.
        note: A few words below the name.
        kind: Its type, e.g. `Training`.
        state: What became of it, as a word for the style sheet; empty where it did not run.
    """

    name: str
    note: str
    kind: str
    state: str = ""


@dataclass(frozen=True)
class Edge:
    """That `end` waits for `start`.

    Attributes:
        start: Name of the step that comes first.
        end: Name of the step that waits.
        kind: Whether `end` uses a result of `start`, only waits for it (`DependsOn`), or lies on a
            side of the condition `start`.
        label: Which side.
    """

    start: str
    end: str
    kind: Literal["result", "order", "branch"]
    label: str = ""

    @property
    def said(self) -> str:
        """Name of its start, with the side of a condition."""
        return f"{self.start}: {self.label}" if self.label else self.start


@dataclass(frozen=True)
class DrawnGraph:
    """Steps in the order of the definition, and the edges between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def layers(self) -> list[list[Node]]:
        """Return the layers: every step is one below the last that it waits for."""
        before = _before(self.edges, [node.name for node in self.nodes])
        depth: dict[str, int] = {}
        for name in TopologicalSorter(before).static_order():
            depth[name] = max((depth[other] + 1 for other in before[name]), default=0)
        last = max(depth.values(), default=-1)
        return [
            [node for node in self.nodes if depth[node.name] == level] for level in range(last + 1)
        ]

    def reduced(self) -> DrawnGraph:
        """Return the graph without the edges that a longer way says already; branches stay."""
        before = _before(self.edges, [node.name for node in self.nodes])
        above: dict[str, set[str]] = {}
        for name in TopologicalSorter(before).static_order():
            above[name] = before[name].union(*(above[other] for other in before[name]))
        kept = tuple(
            edge
            for edge in self.edges
            if edge.kind == "branch"
            or not any(edge.start in above[between] for between in before[edge.end])
        )
        return replace(self, edges=kept)


def graph_of(steps: Mapping[str, Step]) -> DrawnGraph:
    """Return the graph of a parsed definition, with every edge.

    Args:
        steps: Step name → step, as `parse_definition` gives them.
    """
    nodes = tuple(Node(step.name, step.kind, step.kind) for step in steps.values())
    return DrawnGraph(nodes, tuple(edge for step in steps.values() for edge in _edges_to(step)))


def _edges_to(step: Step) -> Iterable[Edge]:
    """Return the edges that end in a step, by the name of where they start."""
    used = {found.name for found in references(step.arguments) if found.scope == "Steps"}
    for start in sorted(step.depends_on):
        if step.branch is not None and start == step.branch.condition:
            yield Edge(start, step.name, "branch", "yes" if step.branch.outcome else "no")
        else:
            yield Edge(start, step.name, "result" if start in used else "order")


def _before(edges: Iterable[Edge], names: Iterable[str]) -> dict[str, set[str]]:
    """Return step → those that it waits for directly."""
    before: dict[str, set[str]] = {name: set() for name in names}
    for edge in edges:
        before[edge.end].add(edge.start)
    return before
