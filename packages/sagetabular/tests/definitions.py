"""Reading the steps of a definition, those inside conditions too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Step = dict[str, Any]


def places_of_steps(steps: list[Step]) -> Iterator[tuple[list[Step], int]]:
    """The lists that hold steps, at any depth, with the position of each step in its list."""
    for position, step in enumerate(steps):
        yield steps, position
        for branch in ("IfSteps", "ElseSteps"):
            yield from places_of_steps(step["Arguments"].get(branch, []))


def steps_of(definition: dict[str, Any]) -> dict[str, Step]:
    """Name → step."""
    steps = [siblings[position] for siblings, position in places_of_steps(definition["Steps"])]
    return {step["Name"]: step for step in steps}
