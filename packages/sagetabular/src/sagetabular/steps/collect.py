"""Collect: what Select needs of up to nine models, in one file.

Select reads the evaluations themselves as long as a Processing job's ten inputs suffice for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.settings import MOST_AT_ONCE
from sagetabular.steps.processing import ProcessingJob, job_program
from sagetabular.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.steps.context import Context, JobStep


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
        arguments=["--models", *evaluations],
        inputs={model: step.output("evaluation") for model, step in evaluations.items()},
        outputs={"candidates": context.execution_uri(f"collect/{number}")},
    )
    return context.job_step(f"Collect{number}", StepTypeEnum.PROCESSING, job.request(context))
