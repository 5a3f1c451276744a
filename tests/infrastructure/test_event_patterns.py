"""Which events the rules of triggers.yaml take, by EventBridge's TestEventPattern.

The events have the form of AWS's own examples:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from sagetabular.infrastructure.templates import evaluate, read_template
from tests.infrastructure.account import NUMBER, TEMPLATES, Account
from tests.servers import REGION

_PIPELINE = f"arn:aws:sagemaker:{REGION}:{NUMBER}:pipeline/housing-prices-dev"
_VERSION = f"arn:aws:sagemaker:{REGION}:{NUMBER}:model-package/housing-prices-dev/2"
_COMMON = {
    "version": "0",
    "id": "17793124-05d4-b198-2fde-7ededc63b103",
    "account": NUMBER,
    "time": "2026-11-12T00:00:00Z",
    "region": REGION,
}
_UPLOAD = {
    **_COMMON,
    "detail-type": "Object Created",
    "source": "aws.s3",
    "resources": ["arn:aws:s3:::the-data"],
    "detail": {
        "version": "0",
        "bucket": {"name": "the-data"},
        "object": {
            "key": "input/data/training/a.csv",
            "size": 5,
            "etag": "b1946ac92492d2347c6235b4d2611184",
            "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
            "sequencer": "617f08299329d189",
        },
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": NUMBER,
        "source-ip-address": "1.2.3.4",
        "reason": "PutObject",
    },
}
_ENDED = {
    **_COMMON,
    "detail-type": "SageMaker Model Building Pipeline Execution Status Change",
    "source": "aws.sagemaker",
    "resources": [_PIPELINE, f"{_PIPELINE}/execution/p4jn9xou8a8s"],
    "detail": {
        "pipelineExecutionDisplayName": "SomeDisplayName",
        "currentPipelineExecutionStatus": "Succeeded",
        "previousPipelineExecutionStatus": "Executing",
        "executionStartTime": "2026-11-12T13:10:19Z",
        "executionEndTime": "2026-11-12T13:20:19Z",
        "pipelineExecutionDescription": "SomeDescription",
        "pipelineArn": _PIPELINE,
        "pipelineExecutionArn": f"{_PIPELINE}/execution/p4jn9xou8a8s",
    },
}
_APPROVED = {
    **_COMMON,
    "detail-type": "SageMaker Model Package State Change",
    "source": "aws.sagemaker",
    "resources": [_VERSION],
    "detail": {
        "ModelPackageGroupName": "housing-prices-dev",
        "ModelPackageVersion": 2,
        "ModelPackageArn": _VERSION,
        "CreationTime": 1583356423179,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
    },
}
_TAKEN: dict[str, list[tuple[Any, str, Any]]] = {
    "UploadRule": [
        (_UPLOAD, "", None),
        (_UPLOAD, "detail.object.key", "input/data/training/2026/11/a.parquet"),
        (_UPLOAD, "detail.object.key", "manifests/manifest.json"),
        (_UPLOAD, "detail.reason", "CompleteMultipartUpload"),
        (_UPLOAD, "detail.reason", "CopyObject"),
    ],
    "EndRule": [
        (_ENDED, "", None),
        (_ENDED, "detail.currentPipelineExecutionStatus", "Failed"),
        (_ENDED, "detail.currentPipelineExecutionStatus", "Stopped"),
        (_ENDED, "detail.currentPipelineExecutionStatus", "CompletedWithFailures"),
    ],
    "ApprovalRule": [(_APPROVED, "", None), (_APPROVED, "detail.ModelPackageVersion", 30)],
}
_LEFT: dict[str, list[tuple[Any, str, Any]]] = {
    "UploadRule": [
        (_UPLOAD, "detail.object.key", "input/data/validation/a.csv"),
        (_UPLOAD, "detail.object.key", "input/data/training"),
        (_UPLOAD, "detail.object.key", "input/config/hyperparameters.json"),
        (_UPLOAD, "detail.object.key", "sample/a.csv"),
        (_UPLOAD, "detail.object.key", "old/manifests/manifest.json"),
        (_UPLOAD, "detail.object.size", 0),
        (_UPLOAD, "detail.bucket.name", "the-data-2"),
        (_UPLOAD, "detail-type", "Object Deleted"),
        (_UPLOAD, "source", "aws.s3.test"),
        (_ENDED, "", None),
    ],
    "EndRule": [
        (_ENDED, "detail.currentPipelineExecutionStatus", "Executing"),
        (_ENDED, "detail.currentPipelineExecutionStatus", "Stopping"),
        # Seen in the wild; it never comes.
        (_ENDED, "detail-type", "SageMaker Pipeline Execution Status Change"),
        (_ENDED, "detail-type", "SageMaker Model Building Pipeline Execution Step Status Change"),
        (_ENDED, "detail.pipelineArn", f"{_PIPELINE}-2"),
        (_ENDED, "source", "aws.s3"),
        (_UPLOAD, "", None),
    ],
    "ApprovalRule": [
        (_APPROVED, "detail.ModelApprovalStatus", "PendingManualApproval"),
        (_APPROVED, "detail.ModelApprovalStatus", "Rejected"),
        (_APPROVED, "detail.ModelPackageGroupName", "housing-prices-prod"),
        (_APPROVED, "detail-type", "SageMaker Model State Change"),
        (_ENDED, "", None),
    ],
}


@pytest.fixture(scope="module")
def rules() -> dict[str, Any]:
    """The rules of the template, with a target for approvals."""
    template = read_template(TEMPLATES / "triggers.yaml")
    names = {"Project": "housing-prices", "DataBucket": "the-data", "ArtifactBucket": "x"}
    names |= {"PipelineName": "housing-prices-dev", "ModelPackageGroup": "housing-prices-dev"}
    names |= {"Database": "x", "Table": "x", "Workgroup": "x", "KeyArn": "x"}
    roles = {f"{actor}RoleArn": "x" for actor in ("Trigger", "Scheduler", "Events")}
    target = {"ApprovalTargetArn": "arn:aws:codepipeline:eu-west-1:123456789012:release"}
    resources = evaluate(template, {**names, **roles, **target}, NUMBER, REGION)["Resources"]
    return {
        name: entry["Properties"]["EventPattern"]
        for name, entry in resources.items()
        if entry["Type"] == "AWS::Events::Rule"
    }


def changed(event: Any, place: str, value: Any) -> Any:
    """Return an event with another value in one place."""
    found = copy.deepcopy(event)
    *above, last = place.split(".")
    part = found
    for name in above:
        part = part[name]
    if last:
        assert last in part
        part[last] = value
    return found


def test_rules_take_the_events_that_they_are_for_and_no_others(
    account: Account, rules: dict[str, Any]
) -> None:
    events = account.client("events")

    def takes(rule: str, event: Any) -> bool:
        answer = events.test_event_pattern(
            EventPattern=json.dumps(rules[rule]), Event=json.dumps(event)
        )
        return bool(answer["Result"])

    assert {*rules} == {*_TAKEN} == {*_LEFT}
    for wanted, cases in ((True, _TAKEN), (False, _LEFT)):
        for rule, changes in cases.items():
            for event, place, value in changes:
                assert takes(rule, changed(event, place, value)) is wanted, (rule, place, value)
