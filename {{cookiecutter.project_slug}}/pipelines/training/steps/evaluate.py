"""Evaluate: the fitted model on the test rows, in the model's own image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.training.steps.inputs import Source
from pipelines.training.steps.job import text
from pipelines.training.steps.processing import ProcessingJob
from pipelines.training.steps.sdk import StepTypeEnum
from pipelines.training.steps.tune import best_trial_uri

if TYPE_CHECKING:
    from pipelines.training.steps.job import JobStep
    from pipelines.training.steps.task import Task


def evaluate(task: Task) -> JobStep:
    """Build the step; its output `evaluation` holds the metrics, and the best trial's `cv.json`."""
    context, model = task.context, task.step.unit
    trial = {"trial": Source(best_trial_uri(task.followed))} if task.followed else {}
    job = ProcessingJob(
        module="evaluate",
        image=task.image(),
        code=context.asset_uri(context.assets.model_trees[model].key),
        arguments=["--model", model, "--seed", text(context.parameters.seed)],
        inputs={**task.inputs(), **trial},
        outputs={"evaluation": context.execution_uri(task.path)},
        settings=task.settings,
    )
    return task.build(StepTypeEnum.PROCESSING, job.request(context))
