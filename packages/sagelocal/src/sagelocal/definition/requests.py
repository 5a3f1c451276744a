"""Requests: the members that this back-end reads, and what they must look like.

Whatever else a request holds is left to the service. A request is checked when an execution
starts, as far as it is known by then, and again once its expressions are resolved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sagelocal.definition.graph import Definition
from sagelocal.definition.shapes import Shape, is_expression, problem
from sagelocal.errors import DefinitionError

_TEXTS: Shape = {"*": str}
_SCALARS: Shape = {"*": object}
_STOPPING: Shape = {"MaxRuntimeInSeconds": float}
_SOURCE: dict[str, Shape] = {"S3Uri": str, "S3DataType": str, "S3DataDistributionType": str}
_PLACE: Shape = {"S3Uri!": str, "LocalPath!": str}
_CONTAINER: Shape = {"Image": str, "ModelDataUrl": str, "Environment": _SCALARS}
_TRAINING: dict[str, Shape] = {
    "AlgorithmSpecification!": {"MetricDefinitions?": [{"Name!": str, "Regex!": str}]},
    "InputDataConfig": [{"ChannelName!": str, "DataSource!": {"S3DataSource": _SOURCE}}],
    "OutputDataConfig!": {"S3OutputPath!": str},
    "CheckpointConfig?": {"S3Uri!": str, "LocalPath": str},
    "Environment": _SCALARS,
    "StoppingCondition": _STOPPING,
}
_RANGE: Shape = {"Name!": str, "MinValue!": float, "MaxValue!": float, "ScalingType": str}
_SEARCH: Shape = {
    "Strategy!": str,
    "RandomSeed": float,
    "ResourceLimits!": {"MaxParallelTrainingJobs!": float, "MaxNumberOfTrainingJobs?": float},
    "HyperParameterTuningJobObjective!": {"MetricName!": str, "Type!": str},
    "ParameterRanges": {
        "IntegerParameterRanges?": [_RANGE],
        "ContinuousParameterRanges?": [_RANGE],
        "CategoricalParameterRanges?": [{"Name!": str, "Values!": [str]}],
    },
}
_SHAPES: dict[str, Shape] = {
    "Processing": {
        "AppSpecification!": {
            "ImageUri": str,
            "ContainerEntrypoint?": [str],
            "ContainerArguments": [str],
        },
        "Environment": _SCALARS,
        "NetworkConfig": {},
        "ProcessingInputs": [
            {
                "InputName!": str,
                "S3Input": {**_SOURCE, "LocalPath": str},
                "DatasetDefinition": {"LocalPath": str},
            }
        ],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName!": str, "S3Output!": _PLACE}]},
        "ProcessingResources!": {"ClusterConfig!": {"InstanceCount": float}},
        "StoppingCondition": _STOPPING,
    },
    "Training": {
        **_TRAINING,
        "HyperParameters": _TEXTS,
        "ResourceConfig": {"InstanceCount": float},
    },
    "Tuning": {
        "HyperParameterTuningJobConfig!": _SEARCH,
        "TrainingJobDefinition!": {
            **_TRAINING,
            "StaticHyperParameters": _TEXTS,
            "ResourceConfig": {"InstanceCount": float},
            "HyperParameterTuningResourceConfig?": {"InstanceCount": float},
            "RetryStrategy": {"MaximumRetryAttempts": float},
        },
    },
    "Model": {"ModelName?": str, "PrimaryContainer?": _CONTAINER, "Containers?": [_CONTAINER]},
    "Transform": {
        "ModelName!": str,
        "TransformInput!": {"DataSource!": {"S3DataSource!": _SOURCE}, "ContentType?": str},
        "TransformOutput!": {"S3OutputPath!": str, "Accept?": str},
        "Environment": _SCALARS,
        "ModelClientConfig?": {"InvocationsTimeoutInSeconds": float},
    },
    "RegisterModel": {"InferenceSpecification": {"Containers": [{"ModelDataUrl?": str}]}},
    "Condition": {"Conditions!": [{}]},
    "Fail": {},
}
_CALLS = {
    **{kind: f"Create{kind}Job" for kind in ("Processing", "Training", "Transform")},
    "Tuning": "CreateHyperParameterTuningJob",
    "Model": "CreateModel",
    "RegisterModel": "CreateModelPackage",
}
_JOINED: Shape = {"On!": object, "Values!": [object]}
_FROM_FILE: Shape = {"PropertyFile!": {"Get!": str}, "Path!": str}


def check_requests(definition: Definition) -> None:
    """Check the requests of all steps, as far as they are known before anything has run.

    Raises:
        DefinitionError: If a member is missing, or is not of the shape that it must have.
    """
    for step in definition.steps.values():
        if is_expression(step.arguments):
            raise DefinitionError(f"Step {step.name}: Arguments cannot be an expression.")
        check_request(step.arguments, step.name, step.kind)
        _check_expressions(step.arguments, step.name)


def check_request(request: Mapping[str, object], step: str, kind: str) -> None:
    """Check the request of a step; expressions in it are taken to fit.

    Raises:
        DefinitionError: If a member is missing, or is not of the shape that it must have.
    """
    found = problem(request, _SHAPES[kind], "")
    if found is not None:
        remedy = f"See {_CALLS[kind]} in SageMaker's API reference." if kind in _CALLS else ""
        raise DefinitionError(f"Step {step}: {found}.", remedy)


def _check_expressions(node: object, step: str) -> None:
    if isinstance(node, Mapping):
        for name, shape in (("Std:Join", _JOINED), ("Std:JsonGet", _FROM_FILE)):
            found = set(node) == {name} and _wrong(node[name], shape, name)
            if found:
                raise DefinitionError(f"Step {step}: {found}.")
        node = list(node.values())
    if isinstance(node, Sequence) and not isinstance(node, str):
        for item in node:
            _check_expressions(item, step)


def _wrong(inner: object, shape: Shape, name: str) -> str | None:
    """Return what is wrong inside an expression: what it is made of is none itself."""
    if is_expression(inner):
        return f"{name} must hold an object with its members, got {inner!r}"
    found = problem(inner, shape, name)
    if found is None and name == "Std:JsonGet" and isinstance(inner, Mapping):
        file, path = inner["PropertyFile"], inner["Path"]
        if not isinstance(path, str) or ".PropertyFiles" not in str(file):
            return f"{name} needs a property file and a Path as text, got {str(inner)[:80]}"
    return found
