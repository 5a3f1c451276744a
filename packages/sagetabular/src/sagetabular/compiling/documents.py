"""A definition as a document: its steps at every depth, and what they refer to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
# A condition's steps.
_BRANCHES = ("IfSteps", "ElseSteps")


def read_definition(content: bytes, name: str) -> Json:
    """Read a definition that was written earlier.

    Args:
        content: JSON.
        name: What to call it in an error.

    Raises:
        UserError: It is no JSON, or no definition of a pipeline.
    """
    remedy = "Name a file that `pipeline compile -o FILE` wrote."
    try:
        definition = json.loads(content)
    except (ValueError, RecursionError):
        raise UserError(f"{name} must be JSON, got something else.", remedy) from None
    steps = definition.get("Steps") if isinstance(definition, dict) else None
    if not isinstance(steps, list) or not all(map(_is_step, steps)):
        msg = f"{name} must be a definition with Steps that have Name and Type, got something else."
        raise UserError(msg, remedy)
    return {**definition}


def parameters_of(definition: Json) -> Json:
    """Return name → declaration of a definition's parameters."""
    declared = definition.get("Parameters")
    entries = declared if isinstance(declared, list) else []
    return {str(one["Name"]): one for one in entries if isinstance(one, dict) and "Name" in one}


def steps_of(definition: Json) -> dict[str, Json]:
    """Return name → step, at every depth; `Inside` says in which branch of a condition it is."""
    return dict(_every(definition["Steps"], ""))


def in_order(steps: Mapping[str, Json]) -> list[str]:
    """Return the names of steps so that each comes after those that it refers to."""
    ordered: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in ordered or name in above or name not in steps:
            return
        for source in named_by(references(steps[name]), "Steps."):
            visit(source, (*above, name))
        ordered[name] = None

    for name in steps:
        visit(name, ())
    return list(ordered)


def references(value: Any) -> set[str]:
    """Return what the expressions in a value get, such as `Steps.FitRidge.ModelArtifacts`."""
    if isinstance(value, Mapping):
        own = {value["Get"]} if isinstance(value.get("Get"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def named_by(found: set[str], prefix: str) -> list[str]:
    """Return the names that stand behind `prefix` in references."""
    return sorted({each.split(".")[1] for each in found if each.startswith(prefix)})


def part_at(value: Any, path: tuple[str, ...]) -> Any:
    """Return the part of a request below a path; None if it has none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _is_step(step: Any) -> bool:
    """Return whether it has a name, a kind and, if it branches, steps inside."""
    if not isinstance(step, dict):
        return False
    name, kind, arguments = step.get("Name"), step.get("Type"), step.get("Arguments", {})
    if not (isinstance(name, str) and isinstance(kind, str) and isinstance(arguments, dict)):
        return False
    branches = [arguments.get(branch, []) for branch in _BRANCHES]
    return all(isinstance(branch, list) and all(map(_is_step, branch)) for branch in branches)


def _every(steps: list[Json], inside: str) -> Iterator[tuple[str, Json]]:
    for step in steps:
        arguments = step.get("Arguments", {})
        own = {name: part for name, part in arguments.items() if name not in _BRANCHES}
        yield step["Name"], {**step, "Arguments": own, "Inside": inside}
        for branch in _BRANCHES:
            yield from _every(arguments.get(branch, []), f"{step['Name']}.{branch}")
