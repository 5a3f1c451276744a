"""Create and Transform: a model to serve, and its predictions for a whole data set.

An image of AWS serves a model of ours in script mode, with the code in the artefact. The container
of an isolated model cannot fetch an archive, so the fit packs the code beside the model; the image
finds it by its environment, and installs it with pip, as in a training job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.assets.script_mode import PROGRAM
from sagetabular.errors import UserError
from sagetabular.serving.formats.outputs import DEFAULT, REMEDY, VARIABLE, read_outputs
from sagetabular.settings.models.steps import CSV, StepSettings
from sagetabular.settings.models.units import origin_of
from sagetabular.settings.resources import FrameworkImage
from sagetabular.steps.inputs import Source
from sagetabular.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings.models.steps import Create, Transform
    from sagetabular.steps.context import JobStep
    from sagetabular.steps.models.task import Task

# The toolkits install an archive with pip, which must not look for a build environment on the
# network.
PIP_OFFLINE = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
CHANNEL = "serving"
_ENVIRONMENT = {
    "SAGEMAKER_PROGRAM": PROGRAM,
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    # What the project's own image answers with where the client does not mind.
    "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": CSV,
    **PIP_OFFLINE,
}


def serving_channel(task: Task[StepSettings]) -> dict[str, Source]:
    """Return the channel of the code that a fit packs for an image of AWS, if one serves it."""
    settings, assets = task.context.settings, task.context.assets
    if task.step.key not in settings.served_by_aws:
        return {}
    return {CHANNEL: Source(task.context.asset_uri(assets.serving[task.step.unit].key))}


def is_served_by_our_code(task: Task[StepSettings]) -> bool:
    """Return whether a step gives its model to an image of AWS, with the code in it."""
    image = task.settings.image or task.unit.model.image
    served = task.context.settings.served_by_aws
    return isinstance(image, FrameworkImage) and origin_of(task.step) in served


def serving_environment(task: Task[StepSettings]) -> dict[str, str]:
    """Return the variables of a model's container: its own, and script mode's if needed.

    Raises:
        UserError: They ask our server for outputs that it does not have.
    """
    own: dict[str, str] = _checked_environment(task)
    return {**_ENVIRONMENT, **own} if is_served_by_our_code(task) else own


def _checked_environment(task: Task[StepSettings]) -> dict[str, str]:
    """Return a step's own variables; those of a server that is not ours are its own affair."""
    environment: dict[str, str] = task.settings.environment
    text = environment.get(VARIABLE, "").strip()
    if not text or not _is_served_by_us(task):
        return environment
    outputs, problem = read_outputs(text)
    remedy, regression = REMEDY, task.context.settings.pipeline.task == "regression"
    if regression and not problem and outputs != DEFAULT:
        problem = f"must be {DEFAULT[0]} for the task regression, got {text!r}"
        remedy = "Leave it out: the answer is the number."
    if problem:
        place = f"{task.unit.label}: steps.{task.step.name}.environment.{VARIABLE}"
        raise UserError(f"{place} {problem}.", remedy)
    return environment


def _is_served_by_us(task: Task[StepSettings]) -> bool:
    image = task.settings.image or task.unit.model.image
    return image == "project" or is_served_by_our_code(task)


def create(task: Task[Create]) -> JobStep:
    """Build the step; SageMaker names the model."""
    request = {
        "PrimaryContainer": container(task),
        "ExecutionRoleArn": task.context.parameters.role,
        "EnableNetworkIsolation": True,
    }
    return task.build(StepTypeEnum.CREATE_MODEL, request)


def container(task: Task[StepSettings]) -> dict[str, Any]:
    """Return the image, and the artefact that it serves."""
    environment = serving_environment(task)
    return {
        "Image": task.image(),
        "ModelDataUrl": task.inputs()["model"].uri,
        **({"Environment": environment} if environment else {}),
    }


def transform(task: Task[Transform]) -> JobStep:
    """Build the step; what the settings leave out is left to the service."""
    settings = task.settings
    filters = {
        "InputFilter": settings.input_filter,
        "OutputFilter": settings.output_filter,
        "JoinSource": settings.join_source,
    }
    request = {
        "ModelName": task.followed.properties.ModelName if task.followed else None,
        "TransformInput": _input(task),
        "TransformOutput": {
            "S3OutputPath": task.context.execution_uri(task.path),
            **_given({"Accept": settings.accept, "AssembleWith": settings.assemble_with}),
        },
        "TransformResources": {
            "InstanceType": settings.instance_type,
            "InstanceCount": settings.instance_count,
        },
        **_given(
            {
                "BatchStrategy": settings.strategy,
                "MaxPayloadInMB": settings.max_payload_mb,
                "MaxConcurrentTransforms": settings.max_concurrent,
                "Environment": _checked_environment(task) or None,
                "DataProcessing": _given(filters) or None,
            }
        ),
    }
    return task.build(StepTypeEnum.TRANSFORM, request)


def _input(task: Task[Transform]) -> dict[str, Any]:
    settings = task.settings
    return {
        "DataSource": task.inputs()["data"].transformed(),
        "ContentType": settings.content_type,
        **_given({"SplitType": settings.split_type, "CompressionType": settings.compression}),
    }


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
