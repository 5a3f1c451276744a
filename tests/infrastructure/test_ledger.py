"""The ledger on a local AWS server: executions of `sagelocal serve`, and what is kept of them.

The events are sagelocal's, the rule, the Lambda, the table, the topic and the queue are the
server's. The pipeline is small: a step that selects, a gate, and a registration or a failure.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from sagetabular.infrastructure.templates import evaluate, read_template
from tests.infrastructure.account import (
    NUMBER,
    PROJECT,
    STAGE,
    TEMPLATES,
    Account,
    deploy,
    eventually,
)
from tests.servers import REGION, serving

PIPELINE = f"{PROJECT}-{STAGE}"
ARN = f"arn:aws:sagemaker:{REGION}:{NUMBER}:pipeline/{PIPELINE}"
ROLE = f"arn:aws:iam::{NUMBER}:role/pipeline"
# All 17 digits arrive.
SCORE = 0.82471234567890123
SELECTION = {"metric": "r2", "winner": {"model": "ridge", "test_r2": SCORE}}
WRITE = (
    "import os, pathlib, sys\n"
    "folder = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'processing/output/selection')\n"
    "(folder / 'selection.json').write_text(sys.argv[1])\n"
)
FAILED = "No model was registered: the winner ridge is not good enough."
# As https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html has
# it under "SageMaker pipeline execution state change", but for account, region and pipeline.
EVENT = {
    "version": "0",
    "id": "315c1398-40ff-a850-213b-158f73kd93ir",
    "detail-type": "SageMaker Model Building Pipeline Execution Status Change",
    "source": "aws.sagemaker",
    "account": NUMBER,
    "time": "2021-03-15T16:10:11Z",
    "region": REGION,
    "resources": [ARN, f"{ARN}/execution/p4jn9xou8a8s"],
    "detail": {
        "pipelineExecutionDisplayName": "SomeDisplayName",
        "currentPipelineExecutionStatus": "Succeeded",
        "previousPipelineExecutionStatus": "Executing",
        "executionStartTime": "2021-03-15T16:03:13Z",
        "executionEndTime": "2021-03-15T16:10:10Z",
        "pipelineExecutionDescription": "SomeDescription",
        "pipelineArn": ARN,
        "pipelineExecutionArn": f"{ARN}/execution/p4jn9xou8a8s",
    },
}
STEP = "SageMaker Model Building Pipeline Execution Step Status Change"


def detail(**changed: str) -> dict[str, Any]:
    """Return the event with something else in its detail."""
    return EVENT | {"detail": {**EVENT["detail"], **changed}}  # type: ignore[dict-item]  # a mapping


MATCHING = {
    "recorded": EVENT,
    "running": detail(currentPipelineExecutionStatus="Executing"),
    "stopped": detail(currentPipelineExecutionStatus="Stopped"),
    "in part": detail(currentPipelineExecutionStatus="CompletedWithFailures"),
}
NEAR_MISSES = {
    "the name that is often written": EVENT
    | {"detail-type": "SageMaker Pipeline Execution Status Change"},
    "a step": EVENT | {"detail-type": STEP},
    "another pipeline": detail(pipelineArn=f"{ARN}-2"),
    "another stage": detail(pipelineArn=ARN.replace("-dev", "-prod")),
    "another region": detail(pipelineArn=ARN.replace(REGION, "us-east-1")),
    "another source": EVENT | {"source": "custom.sagemaker"},
}


def definition(bucket: str) -> str:
    """Return the pipeline: Select, then a gate, then a registration or a failure."""
    selection = {
        "OutputName": "selection",
        "S3Output": {
            "S3Uri": f"s3://{bucket}/select",
            "LocalPath": "/opt/ml/processing/output/selection",
            "S3UploadMode": "EndOfJob",
        },
    }
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
    select = {
        "AppSpecification": {
            "ImageUri": {"Get": "Parameters.ImageUri"},
            "ContainerEntrypoint": ["python3", "-c", WRITE],
            "ContainerArguments": [json.dumps(SELECTION)],
        },
        "ProcessingOutputConfig": {"Outputs": [selection]},
        "ProcessingResources": {"ClusterConfig": cluster},
        "RoleArn": ROLE,
    }
    container = {"Image": "image", "ModelDataUrl": f"s3://{bucket}/select/selection.json"}
    execution_arn = {"Get": "Execution.PipelineExecutionArn"}
    register = {
        "ModelPackageGroupName": PIPELINE,
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        "CustomerMetadataProperties": {
            "model": "ridge",
            "metric": "test_r2",
            "score": str(SCORE),
            "execution_arn": execution_arn,
            "selection": f"s3://{bucket}/select/selection.json",
        },
    }
    gate = {
        "Type": "GreaterThanOrEqualTo",
        "LeftValue": SCORE,
        "RightValue": {"Get": "Parameters.MinimumR2"},
    }
    branches = {
        "IfSteps": [{"Name": "Register", "Type": "RegisterModel", "Arguments": register}],
        "ElseSteps": [{"Name": "Fail", "Type": "Fail", "Arguments": {"ErrorMessage": FAILED}}],
    }
    return json.dumps({
        "Version": "2020-12-01",
        "Parameters": [
            {"Name": "ImageUri", "Type": "String"},
            {"Name": "Commit", "Type": "String"},
            {"Name": "MinimumR2", "Type": "Float", "DefaultValue": 0.6},
        ],
        "Steps": [
            {"Name": "Select", "Type": "Processing", "Arguments": select},
            {
                "Name": "QualityGate",
                "Type": "Condition",
                "DependsOn": ["Select"],
                "Arguments": {"Conditions": [gate], **branches},
            },
        ],
    })  # fmt: skip


@pytest.fixture
def sagemaker(account: Account, tmp_path: Path) -> Iterator[Any]:
    """Start SageMaker beside the account, in which it keeps its objects and says what happens."""
    server = account.environment["AWS_ENDPOINT_URL"]
    command = [
        str(Path(sys.executable).parent / "sagelocal"),
        "serve",
        "--home",
        str(tmp_path / "h"),
    ]
    command += ["--port", str(account.sagemaker_port), "--s3", server, "--events", server]
    command += ["--region", REGION, "--account", NUMBER]
    client = account.client("sagemaker")
    with serving(command, client.list_pipelines, {**os.environ, **account.environment}):
        yield client


@pytest.fixture
def ledger(account: Account) -> dict[str, str]:
    """Deploy the ledger over two buckets and a key; return its outputs and the queue's address."""
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3 = account.client("s3")
    for bucket in ("data", "artefacts"):
        where = {"LocationConstraint": REGION}
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    buckets = {"DataBucket": "data", "ArtifactBucket": "artefacts"}
    outputs = deploy(account, "ledger", KeyArn=key, **buckets)
    queue = account.client("sqs").create_queue(QueueName="notices")["QueueUrl"]
    account.client("sns").subscribe(
        TopicArn=outputs["NoticeTopicArn"],
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{REGION}:{NUMBER}:notices",
    )
    return outputs | {"Queue": queue}


def items(account: Account, table: str) -> dict[str, dict[str, Any]]:
    """Return the items of the table, by their execution."""
    deserialize = TypeDeserializer().deserialize
    found = account.client("dynamodb").scan(TableName=table)["Items"]
    rows = [{name: deserialize(value) for name, value in item.items()} for item in found]
    return {row["execution"]: row for row in rows}


def test_executions_and_their_ends_are_kept_and_told(
    account: Account, sagemaker: Any, ledger: dict[str, str]
) -> None:
    s3, table = account.client("s3"), ledger["LedgerTable"]
    key = "input/data/training/a.csv"
    s3.put_object(Bucket="data", Key=key, Body=b"old")
    kept = s3.put_object(Bucket="data", Key=key, Body=b"new")["VersionId"]
    s3.put_object(Bucket="data", Key="input/data/training/b.csv", Body=b"gone")
    s3.delete_object(Bucket="data", Key="input/data/training/b.csv")
    sagemaker.create_model_package_group(ModelPackageGroupName=PIPELINE)
    sagemaker.create_pipeline(
        PipelineName=PIPELINE, PipelineDefinition=definition("artefacts"), RoleArn=ROLE,
        ClientRequestToken="t" * 32,
    )  # fmt: skip
    started = {
        "good": start(sagemaker, "Started by a test"),
        "bad": start(sagemaker, "Started by a test", MinimumR2="0.99"),
    }

    def ended() -> dict[str, dict[str, Any]]:
        found = items(account, table)
        return found if sum("notice_sent" in item for item in found.values()) == 2 else {}

    found = eventually(ended, 90)
    good, bad = found[started["good"]], found[started["bad"]]
    assert {*found} == {*started.values()}
    for item in (good, bad):
        assert item["trigger"] == "Started by a test"
        assert item["commit"] == "0a1b2c3"
        # Events tell whole seconds.
        assert item["started"][:19] <= item["ended"][:19]
        assert item["inputs"]["objects"] == [{"key": key, "version": kept}]
        assert (item["best_model"], item["metric"]) == ("ridge", "test_r2")
        assert item["score"] == Decimal(repr(SCORE))
    assert (good["status"], bad["status"]) == ("Succeeded", "Failed")
    package = sagemaker.describe_model_package(ModelPackageName=good["package"])
    assert package["CustomerMetadataProperties"]["execution_arn"] == started["good"]
    assert good["parameters"]["MinimumR2"] == "0.6"
    assert bad["parameters"]["MinimumR2"] == "0.99"
    (failure,) = bad["failures"]
    assert (failure["step"], failure["reason"]) == ("Fail", FAILED)
    assert "package" not in bad
    check_notices(account, ledger["Queue"], bad)
    check_repetition(account, ledger, good)


def start(sagemaker: Any, description: str, **parameters: str) -> str:
    """Start the pipeline, and return the execution's ARN."""
    values = {"ImageUri": "image", "Commit": "0a1b2c3", **parameters}
    answer = sagemaker.start_pipeline_execution(
        PipelineName=PIPELINE,
        PipelineExecutionDescription=description,
        PipelineParameters=[{"Name": name, "Value": value} for name, value in values.items()],
    )
    return str(answer["PipelineExecutionArn"])


def check_notices(account: Account, queue: str, bad: dict[str, Any]) -> None:
    """Find one notice of the winner, and one of what failed and where to look."""
    notices = received(account, queue, 2)
    assert sorted(notices) == [
        f"{PIPELINE} failed at Fail",
        f"{PIPELINE} succeeded: ridge, test_r2 {SCORE!r}",
    ]
    failed = notices[f"{PIPELINE} failed at Fail"]
    assert FAILED in failed
    assert f"pipeline show {bad['execution_id']} --on aws" in failed


def received(account: Account, queue: str, number: int) -> dict[str, str]:
    """Return subject → message of the notices that have arrived, once there are so many."""
    found: dict[str, str] = {}

    def all_there() -> bool:
        answer = account.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            body = json.loads(message["Body"])
            assert body["Subject"] not in found, "a notice came twice"
            found[body["Subject"]] = body["Message"]
        return len(found) >= number

    eventually(all_there)
    return found


def check_repetition(account: Account, ledger: dict[str, str], good: dict[str, Any]) -> None:
    """Let events come again, and late: the item stays, and nobody hears of them."""
    seen = {**EVENT["detail"], "pipelineExecutionArn": good["execution"]}  # type: ignore[dict-item]
    seen["executionEndTime"] = good["ended"]
    late = {**seen, "currentPipelineExecutionStatus": "Executing"}
    function = f"sagemaker-{PROJECT}-{STAGE}-ledger"
    for told in (seen, late, seen):
        answer = account.client("lambda").invoke(
            FunctionName=function,
            Payload=json.dumps({**EVENT, "time": good["started"], "detail": told}),
        )
        assert "FunctionError" not in answer
        outcome = json.loads(answer["Payload"].read())["outcome"]
        assert outcome == ("known" if told is seen else "outdated")
    assert items(account, ledger["LedgerTable"])[good["execution"]] == good
    answer = account.client("sqs").receive_message(QueueUrl=ledger["Queue"])
    assert not answer.get("Messages")


def test_the_rule_is_for_executions_of_this_pipeline_alone(account: Account) -> None:
    template = read_template(TEMPLATES / "ledger.yaml")
    values = {
        "Project": PROJECT,
        "Stage": STAGE,
        "PipelineName": PIPELINE,
        "KeyArn": "arn",
        "DataBucket": "data",
        "ArtifactBucket": "artefacts",
        "LedgerRoleArn": "arn",
    }
    rule = evaluate(template, values, NUMBER, REGION)["Resources"]["Rule"]
    pattern = json.dumps(rule["Properties"]["EventPattern"])

    def matches(event: dict[str, Any]) -> bool:
        answer = account.client("events").test_event_pattern(
            EventPattern=pattern, Event=json.dumps(event)
        )
        return bool(answer["Result"])

    assert {name: matches(event) for name, event in MATCHING.items()} == dict.fromkeys(
        MATCHING, True
    )
    assert {name: matches(event) for name, event in NEAR_MISSES.items()} == dict.fromkeys(
        NEAR_MISSES, False
    )
