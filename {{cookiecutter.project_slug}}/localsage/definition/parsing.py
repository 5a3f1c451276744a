"""The pipeline definition: JSON in, checked steps with their dependencies out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta

from localsage.definition.checking import check_cycles, check_references
from localsage.definition.conditions import CONDITION_TYPES
from localsage.definition.durations import read_duration
from localsage.definition.expressions import references
from localsage.definition.graph import Branch, Definition, Step
from localsage.definition.parameters import parse_parameters
from localsage.errors import DefinitionError
from localsage.files import JsonObject

STEP_TYPES = (
    *("Processing", "Training", "Tuning", "Model", "Transform", "RegisterModel"),
    *("Condition", "Fail"),
)

_STEP_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def parse_definition(content: bytes) -> Definition:
    """Read and check a definition.

    Raises:
        DefinitionError: For text that is not strict JSON, unknown step types, names used twice,
            references to steps, parameters or property files that do not exist, and cycles.
        ParameterError: If a parameter's default does not fit its type.
    """
    document = _load(content)
    parameters = parse_parameters(document.get("Parameters") or [])
    steps: dict[str, Step] = {}
    for step in _read_steps(document.get("Steps"), None):
        if step.name in steps:
            raise DefinitionError(f"Two steps are called {step.name}.", "Rename one of them.")
        steps[step.name] = step
    definition = Definition(parameters, steps)
    check_references(definition)
    check_cycles(steps)
    return definition


def _load(content: bytes) -> JsonObject:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        document = json.loads(content, parse_constant=refuse)
    except ValueError as error:
        raise DefinitionError(f"The pipeline definition is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise DefinitionError("The pipeline definition must be a JSON object.")
    return document


def _read_steps(entries: object, branch: Branch | None) -> Iterator[Step]:
    """Yield the steps of one list, each followed by those nested in it."""
    if not isinstance(entries, list) or not (entries or branch):
        raise DefinitionError("Steps must be a list that is not empty.")
    for entry in entries:
        name, kind = _name_and_type(entry)
        arguments = dict(entry.get("Arguments") or {})
        nested = [(arguments.pop(key, []), key == "IfSteps") for key in ("IfSteps", "ElseSteps")]
        yield _read_step(entry, name, kind, arguments, branch)
        if kind == "Condition":
            for inner, outcome in nested:
                yield from _read_steps(inner, Branch(name, outcome))


def _name_and_type(entry: object) -> tuple[str, str]:
    if not isinstance(entry, dict) or not isinstance(entry.get("Name"), str):
        raise DefinitionError(f"A step needs a Name, got {str(entry)[:80]}.")
    name, kind = entry["Name"], entry.get("Type")
    if not _STEP_NAME.fullmatch(name):
        raise DefinitionError(
            f"Not a name for a step: {name!r}.",
            "Use up to 64 letters, digits, hyphens, underscores.",
        )
    if kind not in STEP_TYPES:
        raise DefinitionError(
            f"Step {name}: the type {kind!r} cannot run locally.",
            f"Known types are {', '.join(STEP_TYPES)}.",
        )
    if kind == "Condition":
        for condition in (entry.get("Arguments") or {}).get("Conditions", []):
            if condition.get("Type") not in CONDITION_TYPES:
                raise DefinitionError(f"Step {name}: unknown condition {condition.get('Type')!r}.")
    return name, str(kind)


def _read_step(
    entry: JsonObject, name: str, kind: str, arguments: JsonObject, branch: Branch | None
) -> Step:
    depends_on = entry.get("DependsOn") or []
    if not all(isinstance(other, str) for other in depends_on):
        raise DefinitionError(f"Step {name}: DependsOn must list step names, got {depends_on!r}.")
    used = {reference.name for reference in references(arguments) if reference.scope == "Steps"}
    enclosing = {branch.condition} if branch else set()
    files = {
        file["PropertyFileName"]: (file["OutputName"], file["FilePath"])
        for file in entry.get("PropertyFiles") or []
    }
    return Step(
        name=name,
        kind=kind,
        arguments=arguments,
        depends_on=frozenset(used | enclosing | set(depends_on)),
        branch=branch,
        property_files=files,
        retry_policies=tuple(entry.get("RetryPolicies") or ()),
        cached_for=_cached_for(entry),
    )


def _cached_for(entry: JsonObject) -> timedelta | None:
    cache = entry.get("CacheConfig") or {}
    if not cache.get("Enabled"):
        return None
    try:
        return read_duration(str(cache.get("ExpireAfter")))
    except ValueError as error:
        raise DefinitionError(f"Step {entry['Name']}: CacheConfig.ExpireAfter: {error}") from error
