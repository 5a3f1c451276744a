"""The graph of a definition: its steps, which waits for which, and whether all of them exist."""

from __future__ import annotations

import graphlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sagelocal.definition.expressions import Reference, references
from sagelocal.definition.parameters import Parameter
from sagelocal.errors import DefinitionError, did_you_mean
from sagelocal.files import JsonObject

EXECUTION_VARIABLES = (
    "PipelineExecutionId",
    "PipelineExecutionArn",
    "PipelineName",
    "PipelineArn",
    "StartDateTime",
    "CurrentDateTime",
)
# Execution variable → the only type of step that has it.
OF_JOBS = {"TrainingJobName": "Training", "ProcessingJobName": "Processing"}


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
        members: What else the step has, such as the `FunctionArn` of a type that is run by a
            `StepRunner`.
    """

    name: str
    kind: str
    arguments: JsonObject
    depends_on: frozenset[str]
    branch: Branch | None = None
    property_files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    retry_policies: tuple[JsonObject, ...] = ()
    cached_for: timedelta | None = None
    members: JsonObject = field(default_factory=dict)


@dataclass(frozen=True)
class Definition:
    """A checked definition: its parameters, and its steps in the order they are written."""

    parameters: tuple[Parameter, ...]
    steps: Mapping[str, Step]

    def ancestors(self, names: Collection[str]) -> set[str]:
        """Return all steps that the named ones wait for, directly or not."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            new = self.steps[waiting.pop()].depends_on - found
            found |= new
            waiting += new
        return found


def check_references(definition: Definition) -> None:
    """Check that every step, parameter, variable and property file exists that a step names.

    Raises:
        DefinitionError: If one does not.
    """
    known = {
        "Parameters": {parameter.name for parameter in definition.parameters},
        "Execution": {*EXECUTION_VARIABLES, *OF_JOBS},
        "Steps": set(definition.steps),
    }
    for step in definition.steps.values():
        for name in sorted(step.depends_on - known["Steps"]):
            raise DefinitionError(
                f"Step {step.name} depends on the step {name}, which does not exist.",
                did_you_mean(name, known["Steps"]),
            )
        _check_no_fail_step(step, definition)
        for reference in references(step.arguments):
            _check_reference(step, reference, known[reference.scope], definition)


def _check_no_fail_step(step: Step, definition: Definition) -> None:
    """Check that a step waits for none that ends the execution."""
    for name in sorted(step.depends_on):
        if definition.steps[name].kind == "Fail":
            raise DefinitionError(
                f"Step {step.name} can not depend on {name}, which is a Fail step.",
                "A Fail step ends the execution: let the step depend on what stands before it.",
            )


def _check_reference(
    step: Step, reference: Reference, known: set[str], definition: Definition
) -> None:
    if reference.name not in known:
        raise DefinitionError(
            f"Step {step.name} refers to {reference.scope}.{reference.name}, which does not exist.",
            did_you_mean(reference.name, known),
        )
    kind = OF_JOBS.get(reference.name, step.kind) if reference.scope == "Execution" else step.kind
    if kind != step.kind:
        raise DefinitionError(
            f"Step {step.name} refers to Execution.{reference.name}, which a {step.kind} step does "
            "not have.",
            f"Only a {kind} step has it.",
        )
    if reference.path[:1] == ("PropertyFiles",):
        files = definition.steps[reference.name].property_files
        if reference.path[1:] not in {(name,) for name in files}:
            raise DefinitionError(
                f"Step {step.name} refers to a property file that step {reference.name} does "
                f"not declare: {'.'.join(map(str, reference.path[1:]))}.",
                did_you_mean(str(reference.path[-1]), files),
            )


def check_cycles(steps: Mapping[str, Step]) -> None:
    """Check that no steps wait for each other.

    Raises:
        DefinitionError: If some do.
    """
    try:
        graphlib.TopologicalSorter({s.name: s.depends_on for s in steps.values()}).prepare()
    except graphlib.CycleError as error:
        raise DefinitionError(
            f"Steps wait for each other: {' → '.join(error.args[1])}.",
            "Take one of them out of the other's DependsOn, references or branch.",
        ) from error
