"""What the requests of Train, Tune and Fit share: script mode, code as an input channel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagetabular.assets.collecting import ARCHIVE
from sagetabular.steps.context import text
from sagetabular.steps.inputs import Source
from sagetabular.steps.models.serving import PIP_OFFLINE, serving_channel
from sagetabular.steps.models.spot import limits
from sagetabular.steps.named import encode, value_of

if TYPE_CHECKING:
    from sagetabular.settings.models.steps import TrainingJobSettings
    from sagetabular.steps.models.task import Task

# As the jobs know them.
OVERRIDABLE, CHANNEL = "job_overridable", "hyperparameters"
CODE_CHANNEL = "/opt/ml/input/data/code"


def static_hyperparameters(task: Task[TrainingJobSettings], program: str) -> dict[str, Any]:
    """Hyperparameters that are the same in every trial and in the fit.

    Settings that change a result are hyperparameters, not environment: the key of SageMaker's
    tuning cache leaves the environment out.
    """
    settings = task.context.settings.pipeline
    return {
        "sagemaker_program": program,
        "sagemaker_submit_directory": f"{CODE_CHANNEL}/{ARCHIVE}",
        "job_model": task.step.unit,
        "job_target": settings.data.target,
        "job_split": settings.split.kind,
        "job_seed": text(task.context.parameters.seed),
        **_overridable(task),
        **{name: encode(value) for name, value in fixed_hyperparameters(task).items()},
    }


def _overridable(task: Task[TrainingJobSettings]) -> dict[str, str]:
    """Which hyperparameters a file in S3 may change: the model's, where the step has none."""
    model = task.unit.model
    if model.hyperparameters_from is None:
        return {}
    names = [name for name in model.hyperparameters if name not in task.settings.hyperparameters]
    return {OVERRIDABLE: json.dumps(names)}


def fixed_hyperparameters(task: Task[TrainingJobSettings]) -> dict[str, Any]:
    """Those of the model's file; the step's own count more."""
    return {**task.unit.model.hyperparameters, **task.settings.hyperparameters}


def channels(task: Task[TrainingJobSettings]) -> list[dict[str, Any]]:
    """The step's inputs, the channels of code, and that of a file with hyperparameters."""
    code = task.context.asset_uri(task.context.assets.model_archives[task.step.unit].key)
    every = {**task.inputs(), "code": Source(code), **serving_channel(task)}
    if task.unit.model.hyperparameters_from is not None:
        named = task.context.parameters.named
        every[CHANNEL] = Source(value_of(task.unit.model.hyperparameters_from, named))
    return [source.channel(name) for name, source in every.items()]


def resources(task: Task[TrainingJobSettings]) -> dict[str, Any]:
    """Instances, limits and isolation; environment of script mode and the step's own.

    Raises:
        UserError: The step may wait for less time than it may run.
    """
    context, settings = task.context, task.settings
    job = context.settings.pipeline.resources.training
    return {
        "ResourceConfig": {
            "InstanceType": settings.instance_type or context.parameters.training_instance,
            "InstanceCount": settings.hosts,
            "VolumeSizeInGB": settings.volume_gb or job.volume_gb,
        },
        **limits(task),
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "RoleArn": context.parameters.role,
        "Environment": {**PIP_OFFLINE, **settings.environment},
    }
