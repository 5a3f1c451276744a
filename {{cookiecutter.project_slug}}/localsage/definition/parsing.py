"""The pipeline definition: JSON in, checked steps with their dependencies out."""

from __future__ import annotations

import graphlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from localsage.definition.conditions import CONDITION_TYPES
from localsage.definition.durations import read_duration
from localsage.definition.expressions import Reference, references
from localsage.definition.parameters import Parameter, parse_parameters
from localsage.errors import DefinitionError, did_you_mean
from localsage.files import JsonObject

STEP_TYPES = (
    *("Processing", "Training", "Tuning", "Model", "Transform", "RegisterModel"),
    *("Condition", "Fail"),
)
EXECUTION_VARIABLES = (
    "PipelineExecutionId",
    "PipelineExecutionArn",
    "PipelineName",
    "PipelineArn",
    "StartDateTime",
    "CurrentDateTime",
)

_STEP_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Branch:
    """The side of a Condition step on which a nested step lies."""

    condition: str
    outcome: bool


@dataclass(frozen=True)
class Step:
    """One step; steps nested in a Condition are steps of their own, with a `branch`.

    Attributes:
        name: What the step is called, e.g. `Fit`.
        kind: Its type, e.g. `Training`.
        arguments: The request, expressions unresolved; without the nested steps for a Condition.
        depends_on: Steps that must have succeeded: `DependsOn`, references, and the enclosing
            Condition.
        branch: Which outcome of which Condition makes the step run.
        property_files: Property file name → (output name, path inside the output).
        retry_policies: As written in the definition.
        cached_for: How old a result may be that is reused; None when none may be.
    """

    name: str
    kind: str
    arguments: JsonObject
    depends_on: frozenset[str]
    branch: Branch | None = None
    property_files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    retry_policies: tuple[JsonObject, ...] = ()
    cached_for: timedelta | None = None


@dataclass(frozen=True)
class Definition:
    """A checked definition: its parameters, and its steps in the order they are written."""

    parameters: tuple[Parameter, ...]
    steps: Mapping[str, Step]


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
    _check_references(definition)
    _check_cycles(steps)
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


def _check_references(definition: Definition) -> None:
    known = {
        "Parameters": {parameter.name for parameter in definition.parameters},
        "Execution": set(EXECUTION_VARIABLES),
        "Steps": set(definition.steps),
    }
    for step in definition.steps.values():
        for name in sorted(step.depends_on - known["Steps"]):
            raise DefinitionError(
                f"Step {step.name} depends on the step {name}, which does not exist.",
                did_you_mean(name, known["Steps"]),
            )
        for reference in references(step.arguments):
            _check_reference(step, reference, known[reference.scope], definition)


def _check_reference(
    step: Step, reference: Reference, known: set[str], definition: Definition
) -> None:
    if reference.name not in known:
        raise DefinitionError(
            f"Step {step.name} refers to {reference.scope}.{reference.name}, which does not exist.",
            did_you_mean(reference.name, known),
        )
    if reference.path[:1] == ("PropertyFiles",):
        files = definition.steps[reference.name].property_files
        if reference.path[1:] not in {(name,) for name in files}:
            raise DefinitionError(
                f"Step {step.name} refers to a property file that step {reference.name} does "
                f"not declare: {'.'.join(map(str, reference.path[1:]))}."
            )


def _check_cycles(steps: Mapping[str, Step]) -> None:
    try:
        graphlib.TopologicalSorter({s.name: s.depends_on for s in steps.values()}).prepare()
    except graphlib.CycleError as error:
        raise DefinitionError(f"Steps wait for each other: {' → '.join(error.args[1])}.") from error
