"""Process and Evaluate: a program of the model's folder, and the fitted model on the test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.assets.trees import module_name
from sagetabular.steps.context import text
from sagetabular.steps.inputs import Source
from sagetabular.steps.models.links import best_trial_uri
from sagetabular.steps.processing import ProcessingJob, Program, own_program
from sagetabular.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from sagetabular.settings.models.steps import Evaluate, Process
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


def evaluate(task: Task[Evaluate]) -> JobStep:
    """Build the step; its output `evaluation` holds the metrics, and the best trial's `cv.json`."""
    context, model = task.context, task.step.unit
    trial = {"trial": Source(best_trial_uri(task.followed))} if task.followed else {}
    job = ProcessingJob(
        program=_program(task),
        image=task.image(),
        arguments=["--model", model, "--seed", text(context.parameters.seed)],
        inputs={**task.inputs(), **trial},
        outputs={"evaluation": context.execution_uri(task.path)},
        settings=task.settings,
    )
    return task.build(StepTypeEnum.PROCESSING, job.request(context))


def _program(task: Task[Evaluate]) -> Program:
    context, model = task.context, task.step.unit
    if task.evaluation is not None:
        return own_program(context, task.evaluation, model)
    code = context.assets.evaluations[model]
    return Program("sagetabular.jobs.evaluate", context.asset_uri(code.key))
