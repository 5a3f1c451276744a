"""The triggers on a local AWS server, with SageMaker beside it: what starts, what waits, what not.

Rules, Lambda, table, schedule and topic are deployed from the templates; the Lambda runs for real,
and the events are those that the two servers send.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.account import Account, deploy, eventually
from tests.infrastructure.sagemaker import SageMaker, sagemaker_beside

_COLUMNS = [{"Name": "a", "Type": "string"}, {"Name": "b", "Type": "string"}]
_CSV = b"a,b\n1,2\n"
_TRAINING = "input/data/training"


@pytest.fixture
def sagemaker(account: Account, tmp_path: Path) -> Iterator[SageMaker]:
    """Deploy lake and triggers, with a topic whose notices a queue keeps; serve the pipeline."""
    deploy(account, "data-lake", columns=_COLUMNS)
    sns, sqs = account.client("sns"), account.client("sqs")
    topic = sns.create_topic(Name="notices")["TopicArn"]
    queue = sqs.create_queue(QueueName="notices")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])
    account.outputs["NoticeTopicArn"] = topic
    deploy(account, "triggers")
    with sagemaker_beside(account, tmp_path / "sagemaker") as found:
        found.create()
        yield found


def upload(account: Account, key: str, body: bytes = _CSV) -> None:
    """Put an object into the data bucket."""
    account.client("s3").put_object(Bucket=account.outputs["DataBucket"], Key=key, Body=body)


def notices(account: Account) -> list[str]:
    """Return the notices since the last call."""
    sqs = account.client("sqs")
    queue = sqs.get_queue_url(QueueName="notices")["QueueUrl"]
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"])["Message"] for message in found]


def waiting(account: Account) -> Any:
    """Return the request that waits."""
    key = {"name": {"S": "housing-prices-dev"}}
    item = account.client("dynamodb").get_item(
        TableName="sagemaker-housing-prices-dev-starts", Key=key
    )
    return json.loads(item["Item"]["waiting"]["S"]) if "Item" in item else None


def why_waiting(account: Account) -> list[str]:
    """Return what the request that waits was made for."""
    request = waiting(account)
    return list(request["why"]) if request else []


def test_an_upload_starts_and_others_wait_for_its_end(
    account: Account, sagemaker: SageMaker
) -> None:
    # Two at once: one execution learns from both, or the second one waits.
    upload(account, f"{_TRAINING}/a.csv")
    upload(account, f"{_TRAINING}/b.csv")
    eventually(lambda: sagemaker.statuses() == ["Executing"])
    upload(account, f"{_TRAINING}/c.csv")
    upload(account, f"{_TRAINING}/d.csv")
    eventually(lambda: {f"{_TRAINING}/c.csv", f"{_TRAINING}/d.csv"} <= {*why_waiting(account)})
    assert sagemaker.statuses() == ["Executing"]

    sagemaker.end()
    eventually(lambda: sagemaker.statuses() == ["Succeeded", "Executing"])
    assert waiting(account) is None
    described = sagemaker.client.describe_pipeline_execution(
        PipelineExecutionArn=sagemaker.executions()[1]["PipelineExecutionArn"]
    )["PipelineExecutionDescription"]
    assert described.startswith(f"Started by data: {_TRAINING}/")
    assert sagemaker.parameters()["ImageUri"] == "image"

    # A failed run holds nobody up, whoever waits for it or comes later.
    sagemaker.end(reason="broken")
    eventually(lambda: sagemaker.statuses() == ["Succeeded", "Failed"])
    upload(account, f"{_TRAINING}/e.csv")
    eventually(lambda: sagemaker.statuses() == ["Succeeded", "Failed", "Executing"])
    sagemaker.end()
    eventually(lambda: sagemaker.statuses()[2:] == ["Succeeded"])
    assert notices(account) == []


def test_a_manifest_starts_with_its_parameters_and_a_wrong_one_is_said(
    account: Account, sagemaker: SageMaker
) -> None:
    upload(account, f"{_TRAINING}/_a.csv")  # a name that Athena ignores
    upload(account, "sample/a.csv")
    upload(account, "manifests/bad.json", b'{"parameters": {"Fold": "7"}}')
    (notice,) = eventually(lambda: notices(account))
    assert notice.startswith("manifests/bad.json: parameters: Fold is no parameter of")
    assert sagemaker.executions() == []

    upload(account, "manifests/manifest.json", b'{"parameters": {"Folds": "7"}}')
    eventually(lambda: sagemaker.statuses() == ["Executing"])
    assert sagemaker.parameters()["Folds"] == "7"

    # The lake was empty: the sample was copied, which is an upload that starts nothing.
    keys = account.client("s3").list_objects_v2(
        Bucket=account.outputs["DataBucket"], Prefix=f"{_TRAINING}/a"
    )
    assert [entry["Key"] for entry in keys["Contents"]] == [f"{_TRAINING}/a.csv"]
    sagemaker.end()
    eventually(lambda: sagemaker.statuses() == ["Succeeded"])
    upload(account, f"{_TRAINING}/b.csv", b"b,a\n")
    (notice,) = eventually(lambda: notices(account))
    assert "must begin with the header a,b, got b,a" in notice
    assert sagemaker.statuses() == ["Succeeded"]
    assert waiting(account) is None


def test_a_schedule_starts_by_the_clock_and_redeploying_keeps_the_lock(
    account: Account, sagemaker: SageMaker
) -> None:
    upload(account, f"{_TRAINING}/a.csv")
    eventually(lambda: sagemaker.statuses() == ["Executing"])

    deploy(account, "triggers", Schedule="* * * * ? *", ScheduleTimeZone="Europe/Dublin")

    eventually(lambda: waiting(account), 90)
    assert waiting(account)["triggers"] == ["schedule"]
    sagemaker.end()
    eventually(lambda: sagemaker.statuses() == ["Succeeded", "Executing"])
    sagemaker.end()
