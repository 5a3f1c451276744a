"""Fit: the best trial's hyperparameters on all training rows; the fixed ones without a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.steps.context import text
from sagetabular.steps.models.links import tuned_hyperparameters
from sagetabular.steps.models.training import channels, resources, static_hyperparameters
from sagetabular.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from sagetabular.settings.models.steps import Fit
    from sagetabular.steps.context import JobStep
    from sagetabular.steps.models.task import Task


def fit(task: Task[Fit]) -> JobStep:
    """Build the step."""
    tuning, tune = task.unit.model.tuning, task.followed
    tuned = tuned_hyperparameters(tuning, tune) if tuning and tune else {}
    request = {
        "AlgorithmSpecification": {"TrainingImage": task.image(), "TrainingInputMode": "File"},
        "HyperParameters": {
            **static_hyperparameters(task, "fit.py"),
            **{name: text(value) for name, value in tuned.items()},
        },
        "InputDataConfig": channels(task),
        "OutputDataConfig": {"S3OutputPath": task.context.execution_uri(task.path)},
        **resources(task),
    }
    return task.build(StepTypeEnum.TRAINING, request)
