"""Ingest: run the query on Athena; a local run answers it from the local lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.training.steps.processing import ProcessingJob
from pipelines.training.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from pipelines.training.steps.job import Context, JobStep


def ingest(context: Context) -> JobStep:
    """Build the step; its output `data` is the query's result as Parquet.

    Reused only when `data.version` is set: SageMaker's cache key would not see new rows in the
    table.
    """
    parameters = context.parameters
    options = {
        "--database": parameters.database,
        "--table": parameters.table,
        "--workgroup": parameters.workgroup,
        "--version": parameters.data_version,
    }
    job = ProcessingJob(
        module="ingest",
        image=parameters.jobs_image,
        code=context.asset_uri(context.assets.jobs.key),
        arguments=[part for pair in options.items() for part in pair],
        inputs={"query": parameters.query},
        outputs={"data": context.execution_uri("ingest")},
        isolated=False,
    )
    cached = bool(context.settings.pipeline.data.version)
    return context.job_step("Ingest", StepTypeEnum.PROCESSING, job.request(context), cached=cached)
