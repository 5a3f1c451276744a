"""References name what exists, declared parameters are used, and names are ones the API takes."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from sagetabular.compiling.checks.expressions import all_steps, expressions, references, segments
from sagetabular.compiling.checks.limits import limit_problems, limits_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import Shape

# Step type → operation whose request the step holds, and operation whose response its properties
# are.
OPERATIONS = {
    "Processing": ("CreateProcessingJob", "DescribeProcessingJob"),
    "Training": ("CreateTrainingJob", "DescribeTrainingJob"),
    "Tuning": ("CreateHyperParameterTuningJob", "DescribeHyperParameterTuningJob"),
    "Model": ("CreateModel", "DescribeModel"),
    "Transform": ("CreateTransformJob", "DescribeTransformJob"),
    "RegisterModel": ("CreateModelPackage", "DescribeModelPackage"),
}
WITHOUT_JOB = {"Condition", "Fail"}
EXECUTION_VARIABLES = {
    "StartDateTime", "CurrentDateTime", "PipelineName", "PipelineArn", "PipelineExecutionId",
    "PipelineExecutionArn",
}  # fmt: skip
PARAMETER_TYPES = {"String": "string", "Integer": "integer", "Float": "float", "Boolean": "boolean"}


@cache
def service_model() -> ServiceModel:
    """Return SageMaker's API as botocore ships it."""
    # Not through a session, which reads the user's AWS profile and fails where that is missing;
    # nor from the models that a user may have in the home folder.
    loader = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return ServiceModel(loader.load_service_model("sagemaker", "service-2"), "sagemaker")


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
        self.all_steps = list(all_steps(definition["Steps"]))
        self.steps = {step["Name"]: step for step in self.all_steps}

    def type_of(self, reference: str) -> str:
        """Return the type that a reference has in botocore's words; `any` for a value of a file.

        Raises:
            ReferenceProblemError: It does not exist.
        """
        root, *names = segments(reference)
        if root == "Parameters" and len(names) == 1 and names[0] in self.parameters:
            return PARAMETER_TYPES[self.parameters[names[0]]]
        if root == "Execution" and len(names) == 1 and names[0] in EXECUTION_VARIABLES:
            return "string"
        if root == "Steps" and len(names) > 1 and names[0] in self.steps:
            return self._type_in_step(self.steps[names[0]], names[1:], reference)
        msg = f"{reference!r} names no parameter, step or execution variable"
        raise ReferenceProblemError(msg)

    def _type_in_step(self, step: Mapping[str, Any], names: list[str], reference: str) -> str:
        if names[0] == "PropertyFiles":
            if names[1:] == [] or names[1] not in _property_files(step):
                msg = f"{reference!r} names no property file of step {step['Name']!r}"
                raise ReferenceProblemError(msg)
            return "any"
        if step["Type"] not in OPERATIONS:
            msg = f"{reference!r}: a {step['Type']} step has no such property"
            raise ReferenceProblemError(msg)
        _check_names_of_request(step, names, reference)
        shape: Shape = service_model().operation_model(OPERATIONS[step["Type"]][1]).output_shape
        for name in names:
            shape = _descend(shape, name, reference)
        return str(shape.type_name)


def reference_problems(scope: Scope) -> Iterator[str]:
    """Yield one line for every reference or name that is wrong."""
    for name, count in Counter(step["Name"] for step in scope.all_steps).items():
        if count > 1:
            yield f"the step name {name!r} stands {count} times."
    used: set[str] = set()
    for step in scope.all_steps:
        if step["Type"] not in {*OPERATIONS, *WITHOUT_JOB}:
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
    for path, expression in expressions(own, step["Name"]):
        for reference in references(expression):
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


def _property_files(step: Mapping[str, Any]) -> set[str]:
    return {file["PropertyFileName"] for file in step.get("PropertyFiles", [])}


def _outputs(step: Mapping[str, Any]) -> set[str]:
    config = step["Arguments"].get("ProcessingOutputConfig", {})
    return {output["OutputName"] for output in config.get("Outputs", [])}


def _check_names_of_request(step: Mapping[str, Any], names: list[str], reference: str) -> None:
    """Check names that the request gives, not the API: outputs, tuned hyperparameters."""
    if names[:2] == ["ProcessingOutputConfig", "Outputs"] and not {*names[2:3]} & _outputs(step):
        msg = f"{reference!r} names no output of step {step['Name']!r}"
        raise ReferenceProblemError(msg)
    if names[:2] == ["BestTrainingJob", "TunedHyperParameters"]:
        ranges = step["Arguments"]["HyperParameterTuningJobConfig"]["ParameterRanges"]
        tuned = {entry["Name"] for kind in ranges.values() for entry in kind}
        if not {*names[2:3]} & tuned:
            msg = f"{reference!r} names no hyperparameter that step {step['Name']!r} tunes"
            raise ReferenceProblemError(msg)


def _descend(shape: Any, name: str, reference: str) -> Any:
    if shape.type_name == "list":
        return shape.member
    if shape.type_name == "map":
        return shape.value
    if shape.type_name != "structure" or name not in shape.members:
        msg = f"{reference!r}: the service's response has no {name!r}"
        raise ReferenceProblemError(msg)
    return shape.members[name]


def name_problems(definition: Mapping[str, Any], scope: Scope) -> Iterator[str]:
    """Yield one line for every name of a step or parameter that SageMaker would refuse.

    Args:
        definition: The pipeline definition.
        scope: The same, by names.
    """
    for step in scope.all_steps:
        yield from limit_problems(step["Name"], _limits("StepName"), f"{step['Name']}: its name")
    for name in scope.parameters:
        limits = _limits("PipelineParameterName")
        yield from limit_problems(name, limits, f"parameter {name}: its name")
    entries = _limits("ParameterList")
    yield from limit_problems(definition["Parameters"], entries, "the list of parameters")
    text = json.dumps(definition, indent=1, ensure_ascii=False)
    yield from limit_problems(text, {"max": _limits("PipelineDefinition")["max"]}, "the definition")


def _limits(shape: str) -> dict[str, Any]:
    return limits_of(service_model().shape_for(shape))
