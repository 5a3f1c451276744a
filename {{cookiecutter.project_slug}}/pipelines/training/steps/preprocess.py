"""Preprocess: clean rows, split off the test rows, number the folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.training.steps.job import text
from pipelines.training.steps.processing import ProcessingJob
from pipelines.training.steps.sdk import JsonGet, PropertyFile, StepTypeEnum

if TYPE_CHECKING:
    from pipelines.training.steps.job import Context, JobStep

SUMMARY = PropertyFile(name="Summary", output_name="summary", path="summary.json")


def preprocess(context: Context, ingest: JobStep) -> JobStep:
    """Build the step; its outputs are `train`, `test`, `summary` and `baseline`."""
    parameters, assets = context.parameters, context.assets
    job = ProcessingJob(
        module="preprocess",
        image=parameters.jobs_image,
        code=context.asset_uri(assets.jobs.key),
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
    """What identifies the rows that Preprocess has read."""
    return JsonGet(step_name=step.name, property_file=SUMMARY, json_path="fingerprint")
