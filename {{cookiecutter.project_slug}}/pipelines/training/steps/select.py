"""Select: rank the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.training.steps.processing import ProcessingJob
from pipelines.training.steps.sdk import JsonGet, PropertyFile, StepTypeEnum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.training.steps.job import Context, JobStep

SELECTION = PropertyFile(name="Selection", output_name="selection", path="selection.json")


def select(
    context: Context, evaluations: Mapping[str, JobStep], collected: Sequence[JobStep] = ()
) -> JobStep:
    """Build the step.

    Args:
        context: The project.
        evaluations: Model → its Evaluate step, in the order that breaks ties.
        collected: The Collect steps, if there are; their order is that of the models.
    """
    inputs = {model: step.output("evaluation") for model, step in evaluations.items()}
    arguments = ["--models", *evaluations]
    if collected:
        inputs = {step.name.lower(): step.output("candidates") for step in collected}
        arguments = ["--collections", *inputs]
    job = ProcessingJob(
        module="select",
        image=context.parameters.jobs_image,
        code=context.asset_uri(context.assets.jobs.key),
        arguments=["--by", context.settings.pipeline.selection.by, *arguments],
        inputs=inputs,
        outputs={"selection": context.execution_uri("select")},
    )
    request = job.request(context)
    return context.job_step("Select", StepTypeEnum.PROCESSING, request, property_files=[SELECTION])


def selected(step: JobStep, path: str) -> JsonGet:
    """A value of `selection.json`, such as `winner.model`."""
    return JsonGet(step_name=step.name, property_file=SELECTION, json_path=path)
