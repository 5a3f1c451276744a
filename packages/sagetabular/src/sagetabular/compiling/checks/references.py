"""References name what exists, declared parameters are used, and names are ones the API takes."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from sagelocal import DefinitionError
from sagelocal.definition import (
    NoPropertyError,
    Referred,
    limit_problems,
    limits_of,
    property_type,
    references,
)
from sagetabular.compiling.checks import expressions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JOBS = {"Processing", "Training", "Tuning", "Model", "Transform", "RegisterModel"}
WITHOUT_JOB = {"Condition", "Fail"}
EXECUTION_VARIABLES = {
    "StartDateTime", "CurrentDateTime", "PipelineName", "PipelineArn", "PipelineExecutionId",
    "PipelineExecutionArn", "TrainingJobName", "ProcessingJobName",
}  # fmt: skip
PARAMETER_TYPES = {"String": "string", "Integer": "integer", "Float": "float", "Boolean": "boolean"}


class ReferenceProblemError(Exception):
    """A reference names something that does not exist; the message says what."""


class Scope:
    """The names that references of a definition can have.

    Args:
        definition: The definition's JSON.
    """

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self.parameters = {item["Name"]: item["Type"] for item in definition["Parameters"]}
        self.defaults = {
            item["Name"]: item["DefaultValue"]
            for item in definition["Parameters"]
            if "DefaultValue" in item
        }
        self.all_steps = list(expressions.all_steps(definition["Steps"]))
        self.steps = {step["Name"]: step for step in self.all_steps}

    def type_of(self, reference: str) -> str:
        """Return the type that a reference has in botocore's words; `any` for a value of a file.

        Raises:
            ReferenceProblemError: It does not exist.
        """
        try:
            found = next(references({"Get": reference}))
        except DefinitionError:
            found = None
        if found and found.scope == "Parameters" and found.name in self.parameters:
            return PARAMETER_TYPES[self.parameters[found.name]]
        if found and found.scope == "Execution" and found.name in EXECUTION_VARIABLES:
            return "string"
        if found and found.scope == "Steps" and found.name in self.steps:
            return _property_type(self.steps[found.name], found.path, reference)
        msg = f"{reference!r} names no parameter, step or execution variable"
        raise ReferenceProblemError(msg)


def _property_type(step: Mapping[str, Any], path: tuple[str | int, ...], reference: str) -> str:
    files = [file["PropertyFileName"] for file in step.get("PropertyFiles", [])]
    try:
        return property_type(Referred(step["Name"], step["Type"], step["Arguments"], files), path)
    except NoPropertyError as error:
        mark = "" if error.rule.startswith("names") else ":"
        msg = f"{reference!r}{mark} {error.rule}"
        raise ReferenceProblemError(msg) from error


def reference_problems(scope: Scope) -> Iterator[str]:
    """Yield one line for every reference or name that is wrong."""
    for name, count in Counter(step["Name"] for step in scope.all_steps).items():
        if count > 1:
            yield f"the step name {name!r} stands {count} times."
    used: set[str] = set()
    for step in scope.all_steps:
        if step["Type"] not in {*JOBS, *WITHOUT_JOB}:
            yield f"{step['Name']}: there is no step type {step['Type']!r}."
        for path, reference in _own_references(step):
            used.add(reference)
            try:
                scope.type_of(reference)
            except ReferenceProblemError as problem:
                yield f"{path}: {problem}."
        yield from _dependency_problems(step, scope)
    for name in scope.parameters:
        if f"Parameters.{name}" not in used:
            yield f"the parameter {name!r} is used nowhere: setting it would do nothing."


def _own_references(step: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield path and name of the references of a step, without those of steps nested in it."""
    nested = ("IfSteps", "ElseSteps")
    own = {key: value for key, value in step["Arguments"].items() if key not in nested}
    for path, expression in expressions.expressions(own, step["Name"]):
        for reference in expressions.references(expression):
            yield path, reference


def _dependency_problems(step: Mapping[str, Any], scope: Scope) -> Iterator[str]:
    for name in step.get("DependsOn", []):
        if name not in scope.steps:
            yield f"{step['Name']}.DependsOn names no step: {name!r}."
    outputs = _outputs(step)
    for file in step.get("PropertyFiles", []):
        if file["OutputName"] not in outputs:
            name = file["OutputName"]
            yield f"{step['Name']}.PropertyFiles names no output of the step: {name!r}."
    if step["Type"] in WITHOUT_JOB and ("CacheConfig" in step or "RetryPolicies" in step):
        yield f"{step['Name']}: a {step['Type']} step has neither cache nor retries."


def _outputs(step: Mapping[str, Any]) -> set[str]:
    config = step["Arguments"].get("ProcessingOutputConfig", {})
    return {output["OutputName"] for output in config.get("Outputs", [])}


def name_problems(definition: Mapping[str, Any], scope: Scope) -> Iterator[str]:
    """Yield one line for every name of a step or parameter that SageMaker would refuse.

    Args:
        definition: The pipeline definition.
        scope: The same, by names.
    """
    for step in scope.all_steps:
        yield from limit_problems(step["Name"], limits_of("StepName"), f"{step['Name']}: its name")
    for name in scope.parameters:
        limits = limits_of("PipelineParameterName")
        yield from limit_problems(name, limits, f"parameter {name}: its name")
    entries = limits_of("ParameterList")
    yield from limit_problems(definition["Parameters"], entries, "the list of parameters")
    text = json.dumps(definition, indent=1, ensure_ascii=False)
    yield from limit_problems(
        text, {"max": limits_of("PipelineDefinition")["max"]}, "the definition"
    )
