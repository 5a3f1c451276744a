"""Create: a SageMaker model of the fitted one, for the transform steps after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.steps.models.serving import serving_environment
from sagetabular.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from sagetabular.settings.models.steps import Create, StepSettings
    from sagetabular.steps.context import JobStep
    from sagetabular.steps.models.task import Task


def create(task: Task[Create]) -> JobStep:
    """Build the step; SageMaker names the model."""
    request = {
        "PrimaryContainer": container(task),
        "ExecutionRoleArn": task.context.parameters.role,
        "EnableNetworkIsolation": True,
    }
    return task.build(StepTypeEnum.CREATE_MODEL, request)


def container(task: Task[StepSettings]) -> dict[str, Any]:
    """The image, and the artefact that it serves."""
    environment = serving_environment(task)
    return {
        "Image": task.image(),
        "ModelDataUrl": task.inputs()["model"].uri,
        **({"Environment": environment} if environment else {}),
    }
