"""Tune: search a model's hyperparameters; every trial is scored by cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.steps.models.search import OBJECTIVE, search, warm_start
from sagetabular.steps.models.training import channels, resources, static_hyperparameters
from sagetabular.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from sagetabular.settings.models.steps import Tune
    from sagetabular.steps.context import JobStep
    from sagetabular.steps.models.task import Task

METRICS = (OBJECTIVE, "cv:fold_r2", "cv:rmse", "cv:mae")


def tune(task: Task[Tune]) -> JobStep:
    """Build the step."""
    context = task.context
    earlier = warm_start(context, task.unit.model.tuning)
    request = {
        "HyperParameterTuningJobConfig": search(context, task.unit.model.tuning),
        "TrainingJobDefinition": {
            "StaticHyperParameters": static_hyperparameters(task, "tune.py"),
            "AlgorithmSpecification": {
                "TrainingImage": task.image(),
                "TrainingInputMode": "File",
                "MetricDefinitions": [metric_definition(name) for name in METRICS],
            },
            "InputDataConfig": channels(task),
            "OutputDataConfig": {"S3OutputPath": context.execution_uri(task.path)},
            "RetryStrategy": {"MaximumRetryAttempts": 2},
            **resources(task),
        },
        **earlier,
    }
    # The key of SageMaker's cache leaves the warm start out: it would find the parent again.
    return task.build(StepTypeEnum.TUNING, request, cached=not earlier)


def metric_definition(name: str) -> dict[str, str]:
    """Where the service finds a metric in the log of a trial."""
    return {"Name": name, "Regex": f"{name}=([^;]+);"}
