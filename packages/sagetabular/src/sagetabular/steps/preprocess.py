"""Preprocess: clean rows, split off the test rows, number the folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.steps.context import text
from sagetabular.steps.processing import ProcessingJob, job_program
from sagetabular.steps.sdk import JsonGet, PropertyFile, StepTypeEnum

if TYPE_CHECKING:
    from sagetabular.steps.context import Context, JobStep

SUMMARY = PropertyFile(name="Summary", output_name="summary", path="summary.json")


def preprocess(context: Context, ingest: JobStep, program: str | None = None) -> JobStep:
    """Build the step; its outputs are `train`, `test`, `summary` and `baseline`.

    Args:
        context: The project.
        ingest: The step whose output `data` it reads.
        program: A module beside `pipeline.py` that replaces the job.
    """
    parameters, assets = context.parameters, context.assets
    job = ProcessingJob(
        program=job_program(context, "preprocess", program),
        image=parameters.jobs_image,
        arguments=["--folds", text(parameters.folds), "--seed", text(parameters.seed)],
        inputs={
            "data": ingest.output("data"),
            "settings": context.asset_uri(assets.preprocess_settings.key),
        },
        outputs={
            name: context.execution_uri(f"preprocess/{name}")
            for name in ("train", "test", "summary", "baseline")
        },
    )
    request, files = job.request(context), [SUMMARY]
    return context.job_step("Preprocess", StepTypeEnum.PROCESSING, request, property_files=files)


def fingerprint(step: JobStep) -> JsonGet:
    """Return a reference to the hash of the rows that Preprocess has read."""
    return JsonGet(step_name=step.name, property_file=SUMMARY, json_path="fingerprint")
