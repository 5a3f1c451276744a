"""The pipeline as a picture: every step below the steps that it waits for."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from pipelines.report.charts import LETTER, WIDTH, canvas, element, markup, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markupsafe import Markup

    from localsage import StepRecord

HEIGHT, GAP, WIDEST = 38, 22, 180


def draw_graph(
    steps: Mapping[str, StepRecord],
    waits_for: Mapping[str, frozenset[str]],
    seconds: Mapping[str, str],
) -> Markup:
    """Draw the steps with status and time.

    Args:
        steps: Step name → its record.
        waits_for: Step name → the steps that must end before it.
        seconds: Step name → how long it took, as text.
    """
    layers = _layers(waits_for)
    count = max(map(len, layers))
    width = max(WIDTH, count * 122)
    title = "The steps of the pipeline and what each waits for"
    order = "; then ".join(" and ".join(layer) for layer in layers)
    svg = canvas(title, order, len(layers) * (HEIGHT + GAP) - GAP + 4, width)
    if width > WIDTH:
        svg.set("class", "broad")
    places = {
        name: (
            (index + 0.5) * width / len(layer),
            2.0 + depth * (HEIGHT + GAP),
            min(WIDEST, width / len(layer) - 10),
        )
        for depth, layer in enumerate(layers)
        for index, name in enumerate(layer)
    }
    for name, before in _reduced(waits_for).items():
        x, y, _ = places[name]
        for other in sorted(before):
            a, b = places[other][0], places[other][1] + HEIGHT
            turn = (b + y) / 2
            element(
                svg,
                "path",
                class_="edge",
                d=f"M{a:.1f} {b}C{a:.1f} {turn} {x:.1f} {turn} {x:.1f} {y}",
            )
    for name, (x, y, box) in places.items():
        step = steps[name]
        group = element(svg, "g", class_=f"node {step.status.lower()}")
        element(group, "rect", x=x - box / 2, y=y, width=box, height=HEIGHT, rx=6)
        shown = shorten(name, int(box / LETTER) - 1)
        element(group, "text", shown, class_="name", x=x, y=y + 16, text_anchor="middle")
        state = f"{_in_words(step)}{seconds[name] and f', {seconds[name]} s'}"
        element(group, "text", state, class_="tick", x=x, y=y + 31, text_anchor="middle")
    return markup(svg)


def _in_words(step: StepRecord) -> str:
    if step.outcome is not None:
        return "yes" if step.outcome == "True" else "no"
    return "not run" if step.status == "NotExecuted" else step.shown_status.lower()


def _layers(waits_for: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Every step one layer below the last that it waits for, in the order of the definition."""
    depth: dict[str, int] = {}
    for name in TopologicalSorter(waits_for).static_order():
        depth[name] = max((depth[other] + 1 for other in waits_for[name]), default=0)
    return [
        [name for name in waits_for if depth[name] == level]
        for level in range(max(depth.values()) + 1)
    ]


def _reduced(waits_for: Mapping[str, frozenset[str]]) -> dict[str, set[str]]:
    """Only the edges that no longer way says already."""
    above: dict[str, set[str]] = {}
    for name in TopologicalSorter(waits_for).static_order():
        above[name] = set(waits_for[name]).union(*(above[other] for other in waits_for[name]))
    return {
        name: {
            other
            for other in before
            if not any(other in above[between] for between in before)
        }
        for name, before in waits_for.items()
    }  # fmt: skip
