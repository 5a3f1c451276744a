"""The parts that Train, Tune and Fit share: script mode, code as a channel, spot instances."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagetabular.assets.script_mode import ARCHIVE
from sagetabular.errors import UserError
from sagetabular.settings.models.steps import Train, TrainingJobSettings, Tune
from sagetabular.steps.context import text
from sagetabular.steps.inputs import Source
from sagetabular.steps.models.serving import PIP_OFFLINE, serving_channel
from sagetabular.steps.named import encode, value_of

if TYPE_CHECKING:
    from sagetabular.settings.project import PipelineConf
    from sagetabular.steps.models.task import Task

# As the jobs know them.
OVERRIDABLE, CHANNEL, MISSING = "job_overridable", "hyperparameters", "job_missing"
CODE_CHANNEL = "/opt/ml/input/data/code"
CHECKPOINTS = "/opt/ml/checkpoints"


def static_hyperparameters(task: Task[TrainingJobSettings], program: str) -> dict[str, Any]:
    """Return the hyperparameters that are the same in every trial and in the fit.

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
        **_asked(settings),
        **({MISSING: json.dumps(settings.data.missing)} if settings.data.missing else {}),
        **_overridable(task),
        **{name: encode(value) for name, value in fixed_hyperparameters(task).items()},
    }


def _asked(pipeline: PipelineConf) -> dict[str, str]:
    """Return task and metric, where they are not those of plain regression."""
    data = pipeline.data
    asked: dict[str, str] = {}
    if pipeline.task != "regression":
        asked["job_task"] = pipeline.task
    if pipeline.metric.name != "r2":
        asked["job_metric"] = pipeline.metric.name
    return asked | ({"job_positive": json.dumps(data.positive)} if data.positive else {})


def _overridable(task: Task[TrainingJobSettings]) -> dict[str, str]:
    """Return the model's hyperparameters that a file in S3 may change: not the step's own."""
    model = task.unit.model
    if model.hyperparameters_from is None:
        return {}
    names = [name for name in model.hyperparameters if name not in task.settings.hyperparameters]
    return {OVERRIDABLE: json.dumps(names)}


def fixed_hyperparameters(task: Task[TrainingJobSettings]) -> dict[str, Any]:
    """Return the hyperparameters of the model's file; the step's own count more."""
    return {**task.unit.model.hyperparameters, **task.settings.hyperparameters}


def channels(task: Task[TrainingJobSettings]) -> list[dict[str, Any]]:
    """Return the step's inputs, the code, and a file with hyperparameters, as channels."""
    code = task.context.asset_uri(task.context.assets.model_archives[task.step.unit].key)
    every = {**task.inputs(), "code": Source(code), **serving_channel(task)}
    if task.unit.model.hyperparameters_from is not None:
        named = task.context.parameters.named
        every[CHANNEL] = Source(value_of(task.unit.model.hyperparameters_from, named))
    return [source.channel(name) for name, source in every.items()]


def resources(task: Task[TrainingJobSettings]) -> dict[str, Any]:
    """Return instances, limits, isolation, and the environment: script mode's and its own.

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


def limits(task: Task[TrainingJobSettings]) -> dict[str, Any]:
    """Return the run time of a Training job and, on spot instances, waiting time and checkpoints.

    Raises:
        UserError: It may wait for less time than it may run, or waits without spot instances.
    """
    job, own = task.context.settings.pipeline.resources.training, task.settings
    minutes = own.max_minutes or job.max_minutes
    wait = own.max_wait_minutes or job.max_wait_minutes or 2 * minutes
    place = f"{task.unit.label}: steps.{task.step.name}"
    if not (job.spot if own.spot is None else own.spot):
        if own.max_wait_minutes:
            msg = f"{place} takes max_wait_minutes with spot only, got {own.max_wait_minutes}."
            raise UserError(msg, "Add `spot: true`, or remove it.")
        return {"StoppingCondition": {"MaxRuntimeInSeconds": minutes * 60}}
    if wait < minutes:
        msg = f"{place} must have max_wait_minutes of at least max_minutes, got {wait} of {minutes}"
        remedy = "It is the time for waiting and running together: raise it, or drop it."
        raise UserError(f"{msg}.", remedy)
    times = {"MaxRuntimeInSeconds": minutes * 60, "MaxWaitTimeInSeconds": wait * 60}
    return {
        "StoppingCondition": times,
        "EnableManagedSpotTraining": True,
        **_checkpoints(task),
    }


def _checkpoints(task: Task[TrainingJobSettings]) -> dict[str, Any]:
    """Return where checkpoints go, which the cache compares; a model's own fit starts over."""
    own = task.settings.entry_point if isinstance(task.settings, Train) else None
    algorithm = task.algorithm()
    if not isinstance(task.settings, Tune) and own is None and algorithm is None:
        return {}
    uri = task.context.execution_uri(f"checkpoints/{task.path}")
    return {"CheckpointConfig": {"S3Uri": uri, "LocalPath": CHECKPOINTS}}
