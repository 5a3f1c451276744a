"""Ingest with `source: data_wrangler`: Athena's rows, through a flow, in Data Wrangler's image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagetabular.assets.flow import DATASET, FLOW_FILE, TABLE, select_declared
from sagetabular.errors import UserError
from sagetabular.steps.context import text
from sagetabular.steps.inputs import Source
from sagetabular.steps.processing import ROOT
from sagetabular.steps.sdk import Join, image_uris

if TYPE_CHECKING:
    from sagetabular.assets.collecting import FlowAsset
    from sagetabular.steps.context import Context

_IMAGE, _VERSION = "data-wrangler", "3.x"


def flow_request(context: Context, flow: FlowAsset) -> dict[str, Any]:
    """The CreateProcessingJob request that runs a flow; its one output is that of the last node.

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
    """What Athena is asked before the job begins; the flow's source has the answer as its rows.

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
    """The query, with the pipeline's parameter as the table's name."""
    data = context.settings.pipeline.data
    query = (context.settings.root / data.query).read_text(encoding="utf-8")
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
