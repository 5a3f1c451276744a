"""Ingest: run the query on Athena, or a flow on its rows, or read files in S3.

With `source: data_wrangler`, Athena's rows go through a flow in Data Wrangler's own image.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagetabular.assets.flow import DATASET, FLOW_FILE, TABLE, select_declared
from sagetabular.errors import UserError
from sagetabular.steps.context import text
from sagetabular.steps.inputs import Source
from sagetabular.steps.processing import ROOT, ProcessingJob, job_program
from sagetabular.steps.sdk import Join, StepTypeEnum, image_uris

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.assets.collecting import FlowAsset
    from sagetabular.steps.context import Context, JobStep
    from sagetabular.steps.processing import Program

_IMAGE, _VERSION = "data-wrangler", "3.x"


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
    settings = context.assets.file_settings
    files: dict[str, Any] = {"files": Source(context.parameters.data_uri)}
    if settings is not None:
        files["settings"] = context.asset_uri(settings.key)
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


def flow_request(context: Context, flow: FlowAsset) -> dict[str, Any]:
    """Return the request that runs a flow; its one output is that of the last node.

    Raises:
        UserError: AWS has no image of Data Wrangler in the region, or the query is malformed.
    """
    job = context.settings.pipeline.resources.data_wrangler
    cluster = {
        "InstanceCount": 1,
        "InstanceType": context.parameters.wrangler_instance,
        "VolumeSizeInGB": job.volume_gb,
    }
    config = json.dumps({flow.output: {"content_type": "Parquet"}})
    return {
        "AppSpecification": {
            "ImageUri": _image(context.settings.aws.region),
            "ContainerArguments": [f"--output-config '{config}'"],
        },
        # The container does not use it; it is part of what SageMaker's step cache compares.
        "Environment": {"DATA_VERSION": context.parameters.data_version},
        "ProcessingInputs": [
            Source(context.asset_uri(f"{flow.asset.key}/{FLOW_FILE}")).mounted("flow", ROOT),
            {"InputName": DATASET, "DatasetDefinition": _dataset(context)},
        ],
        "ProcessingOutputConfig": {"Outputs": [_output(context, flow)]},
        "NetworkConfig": {"EnableNetworkIsolation": False},
        "RoleArn": context.parameters.role,
        "ProcessingResources": {"ClusterConfig": cluster},
        "StoppingCondition": {"MaxRuntimeInSeconds": job.max_minutes * 60},
    }


def _dataset(context: Context) -> dict[str, Any]:
    """Return the query that Athena answers before the job begins, with the flow's rows.

    The place of the answers is the same for all executions, since the step cache compares it.
    """
    parameters, key = context.parameters, context.account.id_of("OutputKmsKeyId")
    athena = {
        "Catalog": "AwsDataCatalog",
        "Database": parameters.database,
        "QueryString": _query(context),
        "WorkGroup": parameters.workgroup,
        "OutputS3Uri": context.asset_uri(f"athena/{DATASET}/"),
        "OutputFormat": "PARQUET",
        **({} if key is None else {"KmsKeyId": key}),
    }
    return {
        "AthenaDatasetDefinition": athena,
        "LocalPath": f"{ROOT}/{DATASET}",
        "DataDistributionType": "FullyReplicated",
        "InputMode": "File",
    }


def _query(context: Context) -> Join:
    """Return the query, with the pipeline's parameter as the table's name."""
    data = context.settings.pipeline.data
    query = (context.settings.root / data.query).read_text(encoding="utf-8-sig")
    first, *rest = select_declared(data, query).split(TABLE)
    table = context.parameters.table
    return text(first, *(part for after in rest for part in ('"', table, f'"{after}')))


def _output(context: Context, flow: FlowAsset) -> dict[str, Any]:
    target = {
        "S3Uri": context.execution_uri("ingest"),
        "LocalPath": f"{ROOT}/output",
        "S3UploadMode": "EndOfJob",
    }
    return {"OutputName": flow.output, "S3Output": target}


def _image(region: str) -> str:
    try:
        uri: str = image_uris.retrieve(_IMAGE, region, version=_VERSION)
    except ValueError as err:
        msg = f"conf/aws.yaml: region: AWS has no image of Data Wrangler in {region}."
        raise UserError(msg, "Choose another region, or `source: athena`.") from err
    return uri
