"""Which steps of a pipeline can run at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.compiling.checks.expressions import expressions, references, segments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NESTED = ("IfSteps", "ElseSteps")


def most_at_once(definition: Mapping[str, Any], weights: Mapping[str, int]) -> int:
    """Return the largest sum of weights over steps of which none waits for another.

    It is a linear program: every step has a begin and an end between 0 and 1, no step begins
    before what it waits for has ended, and the weighted lengths are to be as large as possible.
    Its corners are whole numbers, so a solution is a moment at which all steps of length 1 run.

    Args:
        definition: The pipeline definition.
        weights: Step → how much it takes while it runs; nothing for those left out.
    """
    import numpy as np
    from scipy.optimize import linprog

    edges = [*_edges(definition["Steps"], ())]
    names = sorted({name for edge in edges for name in edge} | {*weights})
    begin = {name: position for position, name in enumerate(names)}
    end = {name: position + len(names) for position, name in enumerate(names)}
    lower = [(begin[name], end[name]) for name in names]
    lower += [(end[before], begin[after]) for before, after in edges]
    order = np.zeros((len(lower), 2 * len(names)))
    for row, (first, second) in enumerate(lower):
        order[row, first], order[row, second] = 1, -1
    share = [weights.get(name, 0) for name in names]
    result = linprog(
        [*share, *(-weight for weight in share)], order, np.zeros(len(lower)), bounds=(0, 1)
    )
    return round(float(-result.fun))


def _edges(steps: list[dict[str, Any]], outer: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield step and the step that waits for it; what a condition holds waits for it."""
    for step in steps:
        own = {key: value for key, value in step["Arguments"].items() if key not in _NESTED}
        for _, expression in expressions(own, step["Name"]):
            for reference in references(expression):
                kind, name, *_ = segments(reference)
                if kind == "Steps":
                    yield name, step["Name"]
        for name in (*step.get("DependsOn", []), *outer):
            yield name, step["Name"]
        for branch in _NESTED:
            yield from _edges(step["Arguments"].get(branch, []), (step["Name"],))
