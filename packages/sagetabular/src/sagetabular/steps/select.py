"""Select: rank the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.steps.processing import ProcessingJob, job_program
from sagetabular.steps.sdk import JsonGet, PropertyFile, StepTypeEnum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.steps.context import Context, JobStep

SELECTION = PropertyFile(name="Selection", output_name="selection", path="selection.json")


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
        arguments=["--by", context.settings.pipeline.selection.by, *arguments],
        inputs=inputs,
        outputs={"selection": context.execution_uri("select")},
    )
    request = job.request(context)
    return context.job_step("Select", StepTypeEnum.PROCESSING, request, property_files=[SELECTION])


def selected(step: JobStep, path: str) -> JsonGet:
    """A value of `selection.json`, such as `winner.model`."""
    return JsonGet(step_name=step.name, property_file=SELECTION, json_path=path)
