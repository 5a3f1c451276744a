"""Ingest: run the query on Athena, or a flow on its rows, or read files in S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.steps.ingest_flow import flow_request
from sagetabular.steps.inputs import Source
from sagetabular.steps.processing import ProcessingJob, job_program
from sagetabular.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.steps.context import Context, JobStep
    from sagetabular.steps.processing import Program


def ingest(context: Context, program: str | None = None) -> JobStep:
    """Build the step; its output `data` is one Parquet file with all rows.

    Reused only when `data.version` is set: SageMaker's cache key would not see new rows in the
    table, nor new files below the prefix.

    Args:
        context: The project.
        program: A module beside `pipeline.py` that replaces the job; with `source: data_wrangler`
            it is AWS's own container that runs, and nothing replaces it.
    """
    data, flow = context.settings.pipeline.data, context.assets.flow
    if flow:
        request = flow_request(context, flow)
    else:
        request = _FROM[data.source](context, program).request(context)
    return context.job_step(
        "Ingest",
        StepTypeEnum.PROCESSING,
        request,
        cached=bool(data.version),
        output_names={"data": flow.output} if flow else {},
    )


def _from_athena(context: Context, own: str | None) -> ProcessingJob:
    parameters = context.parameters
    key = context.account.id_of("OutputKmsKeyId")
    options = {
        "--database": parameters.database,
        "--table": parameters.table,
        "--workgroup": parameters.workgroup,
        **({} if key is None else {"--kms-key": key}),
    }
    program = job_program(context, "ingest", own)
    return _job(context, program, options, {"query": parameters.query}, isolated=False)


def _from_s3(context: Context, own: str | None) -> ProcessingJob:
    # SageMaker itself brings the files; the job needs no network.
    files = {"files": Source(context.parameters.data_uri)}
    return _job(context, job_program(context, "ingest_files", own), {}, files, isolated=True)


_FROM = {"athena": _from_athena, "s3": _from_s3}


def _job(
    context: Context,
    program: Program,
    options: Mapping[str, Any],
    inputs: dict[str, Any],
    *,
    isolated: bool,
) -> ProcessingJob:
    parameters = context.parameters
    every = {**options, "--version": parameters.data_version}
    return ProcessingJob(
        program=program,
        image=parameters.jobs_image,
        arguments=[part for pair in every.items() for part in pair],
        inputs=inputs,
        outputs={"data": context.execution_uri("ingest")},
        isolated=isolated,
    )
