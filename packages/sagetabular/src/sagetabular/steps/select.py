"""Collect, Select and QualityGate: rank the models, and register the winner if it is good enough.

Select reads the evaluations themselves as long as a Processing job's ten inputs suffice for them;
else Collect first puts what it needs of up to nine models into one file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.settings import MOST_AT_ONCE
from sagetabular.steps.context import text
from sagetabular.steps.processing import ProcessingJob, job_program
from sagetabular.steps.sdk import (
    ConditionEquals,
    ConditionGreaterThanOrEqualTo,
    ConditionLessThanOrEqualTo,
    ConditionStep,
    FailStep,
    JsonGet,
    PropertyFile,
    StepTypeEnum,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.settings.project import PipelineConf
    from sagetabular.steps.context import Context, JobStep

SELECTION = PropertyFile(name="Selection", output_name="selection", path="selection.json")


def collect(context: Context, evaluations: Mapping[str, JobStep]) -> list[JobStep]:
    """Build the steps, in the order of the models; none where Select can do without."""
    models = list(evaluations)
    if len(models) <= MOST_AT_ONCE:
        return []
    groups = [models[at : at + MOST_AT_ONCE] for at in range(0, len(models), MOST_AT_ONCE)]
    return [
        _collect(context, number, {model: evaluations[model] for model in group})
        for number, group in enumerate(groups, start=1)
    ]


def _collect(context: Context, number: int, evaluations: Mapping[str, JobStep]) -> JobStep:
    job = ProcessingJob(
        program=job_program(context, "collect"),
        image=context.parameters.jobs_image,
        arguments=[*_metric(context.settings.pipeline), "--models", *evaluations],
        inputs={model: step.output("evaluation") for model, step in evaluations.items()},
        outputs={"candidates": context.execution_uri(f"collect/{number}")},
    )
    return context.job_step(f"Collect{number}", StepTypeEnum.PROCESSING, job.request(context))


def select(
    context: Context,
    evaluations: Mapping[str, JobStep],
    collected: Sequence[JobStep] = (),
    program: str | None = None,
) -> JobStep:
    """Build the step.

    Args:
        context: The project.
        evaluations: Model → its Evaluate step, in the order that breaks ties.
        collected: The Collect steps, if there are; their order is that of the models.
        program: A module beside `pipeline.py` that replaces the job.
    """
    inputs = {model: step.output("evaluation") for model, step in evaluations.items()}
    arguments = ["--models", *evaluations]
    if collected:
        inputs = {step.name.lower(): step.output("candidates") for step in collected}
        arguments = ["--collections", *inputs]
    job = ProcessingJob(
        program=job_program(context, "select", program),
        image=context.parameters.jobs_image,
        arguments=[*_ranked_by(context.settings.pipeline), *arguments],
        inputs=inputs,
        outputs={"selection": context.execution_uri("select")},
    )
    request = job.request(context)
    return context.job_step("Select", StepTypeEnum.PROCESSING, request, property_files=[SELECTION])


def _ranked_by(pipeline: PipelineConf) -> list[str]:
    """Return by which scores and by which metric."""
    return ["--by", pipeline.selection.by, *_metric(pipeline)]


def _metric(pipeline: PipelineConf) -> list[str]:
    """Return the argument that names the metric, where it is not R2."""
    metric = pipeline.metric.name
    return [] if metric == "r2" else ["--metric", metric]


def selected(step: JobStep, path: str) -> JsonGet:
    """Return a reference to a value of `selection.json`, such as `winner.model`."""
    return JsonGet(step_name=step.name, property_file=SELECTION, json_path=path)


def quality_gate(
    context: Context, select: JobStep, registrations: Mapping[str, JobStep]
) -> ConditionStep:
    """Build the condition on the winner's test score, with one condition per model behind it."""
    metric = context.settings.pipeline.metric
    compare = (
        ConditionGreaterThanOrEqualTo if metric.greater_is_better else ConditionLessThanOrEqualTo
    )
    score = selected(select, f"winner.test_{metric.name}")
    return ConditionStep(
        "QualityGate",
        conditions=[compare(score, context.parameters.gate)],
        if_steps=[
            _when_winner(context, select, model, step) for model, step in registrations.items()
        ],
        else_steps=[FailStep("Fail", error_message=_message(context, select))],
    )


def _when_winner(
    context: Context, select: JobStep, model: str, registration: JobStep
) -> ConditionStep:
    title = context.settings.models[model].title
    is_winner = ConditionEquals(selected(select, "winner.model"), model)
    return ConditionStep(f"Is{title}", conditions=[is_winner], if_steps=[registration])


def _message(context: Context, select: JobStep) -> object:
    metric = context.settings.pipeline.metric
    return text(
        "No model was registered: the winner ", selected(select, "winner.model"),
        f" reaches {metric.in_words} ", selected(select, f"winner.test_{metric.name}"),
        f" on the test rows, {metric.parameter} is ", context.parameters.gate, ".",
    )  # fmt: skip
