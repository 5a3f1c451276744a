"""Triggers and ledger with their own roles, on a local AWS server that enforces policies.

SageMaker is a double: what it is asked is written down, and the engine decides it afterwards.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.account import NUMBER, PROJECT, STAGE, Account, deploy, eventually
from tests.infrastructure.permissions.deciding import ROLES, arn, asked, decide
from tests.infrastructure.permissions.sagemaker_double import Asked, sagemaker

HERE = Path(__file__).parent
NAME = f"{PROJECT}-{STAGE}"
PIPELINE = arn("sagemaker", f"pipeline/{NAME}", NUMBER)
EXECUTION = f"{PIPELINE}/execution/abc123def456"
PACKAGE = arn("sagemaker", f"model-package/{NAME}/1", NUMBER)
COLUMNS = [{"Name": "a", "Type": "string"}, {"Name": "b", "Type": "string"}]
ENDED = "SageMaker Model Building Pipeline Execution Status Change"
DEFINITION = json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": []})
NOW = datetime.now(UTC).timestamp()
ANSWERS: dict[str, Any] = {
    "DescribePipeline": {"PipelineArn": PIPELINE, "PipelineDefinition": DEFINITION},
    "ListPipelineExecutions": {"PipelineExecutionSummaries": []},
    "StartPipelineExecution": {"PipelineExecutionArn": EXECUTION},
    "DescribePipelineExecution": {
        "PipelineArn": PIPELINE,
        "PipelineExecutionArn": EXECUTION,
        "PipelineExecutionStatus": "Succeeded",
        "CreationTime": NOW,
        "LastModifiedTime": NOW,
    },
    "DescribePipelineDefinitionForExecution": {"PipelineDefinition": DEFINITION},
    "ListPipelineParametersForExecution": {"PipelineParameters": []},
    "ListPipelineExecutionSteps": {
        "PipelineExecutionSteps": [
            {
                "StepName": "Register",
                "StepStatus": "Succeeded",
                "StartTime": NOW,
                "EndTime": NOW,
                "Metadata": {"RegisterModel": {"Arn": PACKAGE}},
            }
        ]
    },
    "DescribeModelPackage": {
        "ModelPackageArn": PACKAGE,
        "ModelPackageGroupName": NAME,
        "ModelPackageVersion": 1,
        "CustomerMetadataProperties": {"model": "ridge"},
        "CreationTime": NOW,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
    },
}


@pytest.fixture
def server_program() -> Path:
    """Return a server that decides by policies each request but those of the account's owner."""
    return HERE / "enforcing_server.py"


def deploy_all(account: Account, **changed: str) -> None:
    """Deploy the stacks of triggers and ledger, with the roles of roles.yaml."""
    deploy(account, "data-lake", columns=COLUMNS)
    deploy(account, "roles", PermissionsBoundary="")
    deploy(account, "ledger")
    deploy(account, "triggers", **changed)


def invoke(account: Account, name: str, event: dict[str, Any]) -> Any:
    """Return what a function answers, or its error as text."""
    function = f"sagemaker-{NAME}-{name}"
    answer = account.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    content = json.loads(answer["Payload"].read())
    return json.dumps(content) if "FunctionError" in answer else content


def requests_of(asked_for: Asked, actor: str) -> list[dict[str, Any]]:
    """The requests to SageMaker, as an actor makes them."""
    role = ROLES.roles(PROJECT, STAGE, **ROLES.EVERYTHING)[actor]
    found = []
    for operation, request in asked_for:
        resource = request.get("PipelineExecutionArn") or request.get("ModelPackageName")
        resource = resource or (PIPELINE if "PipelineName" in request else "*")
        found.append(asked(role, f"sagemaker:{operation}", resource))
    return found


def test_triggers_work_with_the_role_of_the_trigger(account: Account, ministack: Path) -> None:
    with sagemaker(account.sagemaker_port, ANSWERS) as asked_for:
        deploy_all(account)
        s3, bucket = account.client("s3"), account.outputs["DataBucket"]
        # Nothing is there: people are told.
        assert invoke(account, "start", {"trigger": "schedule", "id": "1"})["outcome"] == "refused"
        s3.put_object(Bucket=bucket, Key="sample/a.csv", Body=b"a,b\n1,2\n")
        assert invoke(account, "start", {"trigger": "schedule", "id": "2"})["outcome"] == "started"
        copy = s3.get_object(Bucket=bucket, Key="input/data/training/a.csv")
        assert copy["Body"].read() == b"a,b\n1,2\n"
        s3.put_object(Bucket=bucket, Key="input/data/training/b.csv", Body=b"a,b\n3,4\n")
        eventually(lambda: [name for name, _ in asked_for].count("StartPipelineExecution") == 2)
        table = account.client("dynamodb").scan(TableName=f"sagemaker-{NAME}-starts")
        assert EXECUTION in json.dumps(table["Items"])
    assert {*decide(ministack, requests_of(asked_for, "trigger"))} == {"Allow"}


def test_an_execution_is_written_down_with_the_role_of_the_ledger(
    account: Account, ministack: Path
) -> None:
    with sagemaker(account.sagemaker_port, ANSWERS) as asked_for:
        deploy_all(account)
        event = {
            "source": "aws.sagemaker",
            "detail-type": ENDED,
            "time": datetime.now(UTC).isoformat(),
            "detail": {
                "pipelineArn": PIPELINE,
                "pipelineExecutionArn": EXECUTION,
                "currentPipelineExecutionStatus": "Succeeded",
            },
        }
        assert invoke(account, "ledger", event)["outcome"] == "recorded"
        table = account.client("dynamodb").scan(TableName=f"sagemaker-{NAME}-ledger")
        (item,) = table["Items"]
        assert item["status"] == {"S": "Succeeded"}
        assert "notice_sent" in item
    names = {name for name, _ in asked_for}
    assert names >= {"DescribePipelineExecution", "DescribeModelPackage"}
    assert {*decide(ministack, requests_of(asked_for, "ledger"))} == {"Allow"}


def test_a_function_with_the_role_of_another_is_refused(account: Account) -> None:
    with sagemaker(account.sagemaker_port, ANSWERS) as asked_for:
        deploy_all(account, TriggerRoleArn=f"arn:aws:iam::{NUMBER}:role/sagemaker-{NAME}-events")
        answer = invoke(account, "start", {"trigger": "manual"})
        assert "AccessDenied" in str(answer)
        assert "StartPipelineExecution" not in [name for name, _ in asked_for]
