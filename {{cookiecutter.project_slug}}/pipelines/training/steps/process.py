"""Process: a program of the model's folder as a Processing job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.training.steps.processing import ProcessingJob
from pipelines.training.steps.sdk import StepTypeEnum
from pipelines.training.trees import module_name

if TYPE_CHECKING:
    from pipelines.training.steps.job import JobStep
    from pipelines.training.steps.task import Task


def process(task: Task) -> JobStep:
    """Build the step; the program finds its inputs and outputs below `/opt/ml/processing`."""
    context, model, settings = task.context, task.step.unit, task.settings
    job = ProcessingJob(
        module=module_name(settings.entry_point),
        package=f"models.{model}",
        image=task.image(),
        code=context.asset_uri(context.assets.model_trees[model].key),
        arguments=list(settings.arguments),
        inputs=task.inputs(),
        outputs={name: context.execution_uri(f"{task.path}/{name}") for name in settings.outputs},
        settings=settings,
    )
    return task.build(StepTypeEnum.PROCESSING, job.request(context))
