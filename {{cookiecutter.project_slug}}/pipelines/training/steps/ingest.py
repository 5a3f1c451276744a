"""Ingest: run the query on Athena, or a flow on its rows, or read files in S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.training.steps.ingest_flow import flow_request
from pipelines.training.steps.inputs import Source
from pipelines.training.steps.processing import ProcessingJob
from pipelines.training.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.training.steps.job import Context, JobStep


def ingest(context: Context) -> JobStep:
    """Build the step; its output `data` is one Parquet file with all rows.

    Reused only when `data.version` is set: SageMaker's cache key would not see new rows in the
    table, nor new files below the prefix.
    """
    data, flow = context.settings.pipeline.data, context.assets.flow
    request = flow_request(context, flow) if flow else _FROM[data.source](context).request(context)
    return context.job_step(
        "Ingest",
        StepTypeEnum.PROCESSING,
        request,
        cached=bool(data.version),
        output_names={"data": flow.output} if flow else {},
    )


def _from_athena(context: Context) -> ProcessingJob:
    parameters = context.parameters
    key = context.account.id_of("OutputKmsKeyId")
    options = {
        "--database": parameters.database,
        "--table": parameters.table,
        "--workgroup": parameters.workgroup,
        **({} if key is None else {"--kms-key": key}),
    }
    return _job(context, "ingest", options, {"query": parameters.query}, isolated=False)


def _from_s3(context: Context) -> ProcessingJob:
    # SageMaker itself brings the files; the job needs no network.
    files = {"files": Source(context.parameters.data_uri)}
    return _job(context, "ingest_files", {}, files, isolated=True)


_FROM = {"athena": _from_athena, "s3": _from_s3}


def _job(
    context: Context,
    module: str,
    options: Mapping[str, Any],
    inputs: dict[str, Any],
    *,
    isolated: bool,
) -> ProcessingJob:
    parameters = context.parameters
    every = {**options, "--version": parameters.data_version}
    return ProcessingJob(
        module=module,
        image=parameters.jobs_image,
        code=context.asset_uri(context.assets.jobs.key),
        arguments=[part for pair in every.items() for part in pair],
        inputs=inputs,
        outputs={"data": context.execution_uri("ingest")},
        isolated=isolated,
    )
