"""Checks of a whole definition: whether what its steps name exists, and whether they can end."""

from __future__ import annotations

import graphlib
from collections.abc import Mapping

from sagelocal.definition.expressions import Reference, references
from sagelocal.definition.graph import Definition, Step
from sagelocal.errors import DefinitionError, did_you_mean

EXECUTION_VARIABLES = (
    "PipelineExecutionId",
    "PipelineExecutionArn",
    "PipelineName",
    "PipelineArn",
    "StartDateTime",
    "CurrentDateTime",
)


def check_references(definition: Definition) -> None:
    """Check that every step, parameter, variable and property file exists that a step names.

    Raises:
        DefinitionError: If one does not.
    """
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


def check_cycles(steps: Mapping[str, Step]) -> None:
    """Check that no steps wait for each other.

    Raises:
        DefinitionError: If some do.
    """
    try:
        graphlib.TopologicalSorter({s.name: s.depends_on for s in steps.values()}).prepare()
    except graphlib.CycleError as error:
        raise DefinitionError(f"Steps wait for each other: {' → '.join(error.args[1])}.") from error
