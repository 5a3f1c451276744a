"""Spot instances: a Training job that may be interrupted, and where it leaves what it has done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.settings.models.steps import Train, TrainingJobSettings, Tune

if TYPE_CHECKING:
    from sagetabular.steps.models.task import Task

CHECKPOINTS = "/opt/ml/checkpoints"


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
    """A model's own fit is one call, which starts over; and the cache compares their address."""
    own = task.settings.entry_point if isinstance(task.settings, Train) else None
    algorithm = task.algorithm()
    if not isinstance(task.settings, Tune) and own is None and algorithm is None:
        return {}
    uri = task.context.execution_uri(f"checkpoints/{task.path}")
    return {"CheckpointConfig": {"S3Uri": uri, "LocalPath": CHECKPOINTS}}
