"""Fit: the best trial's hyperparameters on all training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.training.steps.job import JobStep, text
from pipelines.training.steps.sdk import StepTypeEnum
from pipelines.training.steps.training import (
    channels,
    image_of,
    resources,
    static_hyperparameters,
)
from pipelines.training.steps.tune import tuned_hyperparameters

if TYPE_CHECKING:
    from pipelines.training.steps.job import Context


def fit(context: Context, model: str, preprocess: JobStep, tune: JobStep) -> JobStep:
    """Build the step."""
    tuned = tuned_hyperparameters(context, model, tune)
    request = {
        "AlgorithmSpecification": {
            "TrainingImage": image_of(context, model),
            "TrainingInputMode": "File",
        },
        "HyperParameters": {
            **static_hyperparameters(context, model, "fit.py"),
            **{name: text(value) for name, value in tuned.items()},
        },
        "InputDataConfig": channels(context, model, preprocess.output("train")),
        "OutputDataConfig": {"S3OutputPath": context.execution_uri(f"fit/{model}")},
        **resources(context),
    }
    title = context.settings.models[model].title
    return JobStep(f"Fit{title}", StepTypeEnum.TRAINING, request)
