"""No steps wait for each other, which SageMaker refuses and the SDK lets pass."""

from __future__ import annotations

import graphlib
from typing import TYPE_CHECKING, Any

from sagetabular.compiling.checks.expressions import expressions, references, segments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def cycle_problems(definition: Mapping[str, Any]) -> list[str]:
    """Return a line if steps wait for each other, whether by `DependsOn` or by a reference."""
    waits = dict(_waits(definition["Steps"], set()))
    try:
        graphlib.TopologicalSorter(waits).prepare()
    except graphlib.CycleError as err:
        return [f"steps must not wait for each other, got {' → '.join(err.args[1])}."]
    return []


def _waits(steps: Sequence[Mapping[str, Any]], above: set[str]) -> Iterator[tuple[str, set[str]]]:
    """Yield each step, and what it waits for: those inside a condition wait for that too."""
    for step in steps:
        arguments = dict(step["Arguments"])
        branches = [arguments.pop(name, []) for name in ("IfSteps", "ElseSteps")]
        used = [name for _, each in expressions(arguments, "") for name in references(each)]
        found = [segments(name) for name in used]
        named = {parts[1] for parts in found if parts[0] == "Steps" and len(parts) > 1}
        yield step["Name"], above | named | set(step.get("DependsOn") or [])
        for branch in branches:
            yield from _waits(branch, {step["Name"]})
