"""Process: a program of the model's folder as a Processing job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.assets.trees import module_name
from sagetabular.steps.processing import ProcessingJob, Program
from sagetabular.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from sagetabular.settings.models.steps import Process
    from sagetabular.steps.context import JobStep
    from sagetabular.steps.models.task import Task


def process(task: Task[Process]) -> JobStep:
    """Build the step; the program finds its inputs and outputs below `/opt/ml/processing`."""
    context, model, settings = task.context, task.step.unit, task.settings
    job = ProcessingJob(
        program=Program(
            f"models.{model}.{module_name(settings.entry_point)}",
            context.asset_uri(context.assets.model_programs[model].key),
        ),
        image=task.image(),
        arguments=list(settings.arguments),
        inputs=task.inputs(),
        outputs={name: context.execution_uri(f"{task.path}/{name}") for name in settings.outputs},
        settings=settings,
    )
    return task.build(StepTypeEnum.PROCESSING, job.request(context))
