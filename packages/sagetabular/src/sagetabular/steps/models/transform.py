"""Transform: predictions of a created model for a whole data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings.models.steps import Transform
    from sagetabular.steps.context import JobStep
    from sagetabular.steps.models.task import Task


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
                "Environment": settings.environment or None,
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
