"""Evaluate: the fitted model on the test rows, in the model's own image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.training.steps.job import JobStep, text
from pipelines.training.steps.processing import ProcessingJob
from pipelines.training.steps.sdk import StepTypeEnum
from pipelines.training.steps.training import image_of
from pipelines.training.steps.tune import best_trial_uri

if TYPE_CHECKING:
    from pipelines.training.steps.job import Context


def evaluate(
    context: Context, model: str, preprocess: JobStep, tune: JobStep, fit: JobStep
) -> JobStep:
    """Build the step; its output `evaluation` holds the metrics, and the best trial's `cv.json`."""
    job = ProcessingJob(
        module="evaluate",
        image=image_of(context, model),
        code=context.asset_uri(context.assets.model_trees[model].key),
        arguments=["--model", model, "--seed", text(context.parameters.seed)],
        inputs={
            "test": preprocess.output("test"),
            "model": fit.properties.ModelArtifacts.S3ModelArtifacts,
            "trial": best_trial_uri(tune),
        },
        outputs={"evaluation": context.execution_uri(f"evaluate/{model}")},
    )
    title = context.settings.models[model].title
    return JobStep(f"Evaluate{title}", StepTypeEnum.PROCESSING, job.request(context))
