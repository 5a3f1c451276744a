"""SageMaker beside the local AWS server: `sagelocal serve`, and a pipeline that ends on command."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.infrastructure.account import NUMBER, PROJECT, STAGE, Account
from tests.servers import REGION, serving

PIPELINE = f"{PROJECT}-{STAGE}"
_WAIT = (
    "import pathlib, sys, time\n"
    "gate, end = pathlib.Path(sys.argv[1]), time.monotonic() + 120\n"
    "while not gate.exists() and time.monotonic() < end:\n"
    "    time.sleep(0.05)\n"
    "sys.exit(gate.read_text() or 0)\n"
)
_PARAMETERS = [
    {"Name": "ImageUri", "Type": "String"},
    {"Name": "Prefix", "Type": "String", "DefaultValue": PROJECT},
    {"Name": "Folds", "Type": "Integer", "DefaultValue": 5},
    {"Name": "Database", "Type": "String", "DefaultValue": "housing"},
    {"Name": "Table", "Type": "String", "DefaultValue": "california"},
]


class SageMaker:
    """The pipeline of a stage, whose executions run until they are told to end.

    Args:
        account: Where.
        folder: What tells them.
    """

    def __init__(self, account: Account, folder: Path) -> None:
        self._folder = folder
        self._account = account
        self.client = account.client("sagemaker")

    def create(self) -> None:
        """Make the pipeline, and leave in the bucket what `pipeline upsert` would."""
        job = {
            "AppSpecification": {
                "ImageUri": {"Get": "Parameters.ImageUri"},
                "ContainerEntrypoint": ["python3", "-c", _WAIT],
                # An execution that was told to end looks at the gate of its own.
                "ContainerArguments": [
                    {"Std:Join": {"On": "/", "Values": [str(self._folder), _EXECUTION]}}
                ],
            },
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.m5.large",
                    "VolumeSizeInGB": 30,
                }
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 200},
            "RoleArn": f"arn:aws:iam::{NUMBER}:role/pipeline",
        }
        steps = [{"Name": "Wait", "Type": "Processing", "Arguments": job}]
        definition = {"Version": "2020-12-01", "Parameters": _PARAMETERS, "Steps": steps}
        self.client.create_pipeline(
            PipelineName=PIPELINE,
            PipelineDefinition=json.dumps(definition),
            RoleArn=job["RoleArn"],
            ClientRequestToken="t" * 32,
        )
        self._account.client("s3").put_object(
            Bucket=self._account.outputs["ArtifactBucket"],
            Key=f"{PIPELINE}/start.json",
            Body=json.dumps({"parameters": {"ImageUri": "image"}}).encode(),
        )

    def executions(self) -> list[dict[str, Any]]:
        """Return what was started, the oldest first."""
        pages = self.client.list_pipeline_executions(PipelineName=PIPELINE)
        return sorted(pages["PipelineExecutionSummaries"], key=lambda found: found["StartTime"])

    def statuses(self) -> list[str]:
        """Return how they stand, the oldest first."""
        return [found["PipelineExecutionStatus"] for found in self.executions()]

    def parameters(self, place: int = -1) -> dict[str, str]:
        """Return the values that an execution was started with."""
        arn = self.executions()[place]["PipelineExecutionArn"]
        found = self.client.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
        return {entry["Name"]: entry["Value"] for entry in found["PipelineParameters"]}

    def end(self, place: int = -1, reason: str = "") -> None:
        """Let an execution end, well unless there is a reason not to."""
        identifier = self.executions()[place]["PipelineExecutionArn"].rsplit("/", 1)[-1]
        (self._folder / identifier).write_text(reason)


_EXECUTION = {"Get": "Execution.PipelineExecutionId"}


@contextmanager
def sagemaker_beside(account: Account, home: Path) -> Iterator[SageMaker]:
    """Serve SageMaker until the block ends, on the objects of an account that hears its events."""
    server = account.environment["AWS_ENDPOINT_URL"]
    (gates := home / "gates").mkdir(parents=True)
    command = [
        str(Path(sys.executable).parent / "sagelocal"),
        *("serve", "--home", str(home), "--port", str(account.sagemaker_port)),
        *("--s3", server, "--events", server, "--region", REGION, "--account", NUMBER),
        *("--slots", "4"),
    ]
    sagemaker = SageMaker(account, gates)
    variables = {"PATH": str(Path(sys.executable).parent) + ":/usr/bin:/bin", **account.environment}
    with serving(command, sagemaker.client.list_pipelines, variables):
        yield sagemaker
