"""Lambda `candidate`: the newest approved version, and what may go to production."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from answered_calls import AnsweredCalls, job
from botocore.awsrequest import AWSResponse

from sagetabular.lambdas.candidate import CandidateError, handler

GROUP = "housing-dev"
ARN = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{GROUP}"
OWN = {"data": "housing.california", "data_fingerprint": "a" * 64}


@pytest.fixture(autouse=True)
def variables(monkeypatch) -> None:
    monkeypatch.setenv("MODEL_PACKAGE_GROUP", GROUP)
    monkeypatch.setenv("SAMPLE_FINGERPRINTS", f"{'5' * 64},{'6' * 64}")


def listed(*versions: int, status: str = "Approved", token: str | None = None) -> dict[str, Any]:
    entries = [
        {
            "ModelPackageGroupName": GROUP,
            "ModelPackageVersion": version,
            "ModelPackageArn": f"{ARN}/{version}",
            "ModelApprovalStatus": status,
        }
        for version in versions
    ]
    return {"ModelPackageSummaryList": entries} | ({"NextToken": token} if token else {})


def package(version: int, **more: Any) -> dict[str, Any]:
    return {
        "ModelPackageArn": f"{ARN}/{version}",
        "ModelPackageGroupName": GROUP,
        "ModelPackageVersion": version,
        "ModelApprovalStatus": "Approved",
        "CustomerMetadataProperties": OWN,
    } | more


def test_the_highest_approved_version_of_all_pages_is_picked(aws: AnsweredCalls) -> None:
    """By number: 10 is above 9, and the last one approved need not be the newest."""
    aws.answer("ListModelPackages", listed(9, 3, token="more"), listed(10, 2))
    aws.answer("DescribeModelPackage", package(10))
    found = handler({"ModelPackageGroup": GROUP}, None)
    assert found == {
        "ModelPackageArn": f"{ARN}/10",
        "Version": "10",
        "Summary": f"{GROUP}/10, data housing.california",
    }
    first, second = aws.of("ListModelPackages")
    assert first == {"ModelPackageGroupName": GROUP, "ModelApprovalStatus": "Approved"}
    assert second == first | {"NextToken": "more"}


def test_the_group_is_that_of_the_environment(aws: AnsweredCalls) -> None:
    aws.answer("ListModelPackages", listed(1))
    aws.answer("DescribeModelPackage", package(1))
    assert handler({}, None)["Version"] == "1"
    assert aws.of("ListModelPackages")[0]["ModelPackageGroupName"] == GROUP


@pytest.mark.parametrize(
    "answer",
    [
        listed(),
        # The service filters; whoever does not must not let a rejected version through.
        listed(4, status="Rejected"),
        ("ValidationException", f"ModelPackageGroup {GROUP} does not exist."),
        ("ResourceNotFound", "no such group"),
    ],
)
def test_without_an_approved_version_nothing_is_released(aws: AnsweredCalls, answer) -> None:
    aws.answer("ListModelPackages", answer)
    with pytest.raises(CandidateError, match=rf"^{GROUP} has no approved version\.\nApprove one"):
        handler({}, None)


def test_other_errors_are_told_as_they_are(aws: AnsweredCalls) -> None:
    aws.answer("ListModelPackages", ("AccessDeniedException", "is not authorized to perform"))
    with pytest.raises(Exception, match="is not authorized to perform"):
        handler({}, None)


@pytest.mark.parametrize("status", ["Rejected", "PendingManualApproval"])
def test_a_version_that_is_no_longer_approved_is_refused(aws: AnsweredCalls, status) -> None:
    aws.answer("DescribeModelPackage", package(5, ModelApprovalStatus=status))
    wanted = {"ModelPackageArn": f"{ARN}/5", "Production": True}
    with pytest.raises(CandidateError, match=f"{GROUP}/5 must be Approved .*, is {status}"):
        handler(wanted, None)
    with pytest.raises(CandidateError, match="must be Approved"):
        handler({"ModelPackageArn": f"{ARN}/5"}, None)


@pytest.mark.parametrize(
    ("noted", "made_up"),
    [
        (OWN, False),
        ({}, False),
        ({"data": "made-up housing sample (6,000 rows, seed 23)"}, True),
        (OWN | {"data_fingerprint": "6" * 64}, True),
        (OWN | {"data_fingerprint": ""}, False),
    ],
)
def test_made_up_data_may_go_anywhere_but_to_production(
    aws: AnsweredCalls, monkeypatch, noted, made_up
) -> None:
    aws.answer("DescribeModelPackage", package(5, CustomerMetadataProperties=noted))
    wanted = {"ModelPackageArn": f"{ARN}/5"}
    assert handler(wanted, None)["Version"] == "5"
    if made_up:
        with pytest.raises(CandidateError, match=f"{GROUP}/5 was trained on made-up data"):
            handler(wanted | {"Production": True}, None)
        monkeypatch.setenv("ALLOW_SAMPLE", "false")
        with pytest.raises(CandidateError, match="AllowSample"):
            handler(wanted | {"Production": True}, None)
        monkeypatch.setenv("ALLOW_SAMPLE", "true")
    assert handler(wanted | {"Production": True}, None)["Version"] == "5"


@pytest.mark.parametrize(("stage", "goes"), [("Production", True), ("Staging", False)])
def test_an_approval_for_another_stage_is_none_for_production(
    aws: AnsweredCalls, stage, goes
) -> None:
    life = {"Stage": stage, "StageStatus": "Approved"}
    aws.answer("DescribeModelPackage", package(5, ModelLifeCycle=life))
    wanted = {"ModelPackageArn": f"{ARN}/5", "Production": True}
    if goes:
        assert handler(wanted, None)["Version"] == "5"
        return
    with pytest.raises(CandidateError, match="is approved for Staging, not for Production"):
        handler(wanted, None)


def test_codepipeline_hears_of_the_version(aws: AnsweredCalls) -> None:
    noted = OWN | {"model": "xgboost", "target": "price", "metric": "test_r2", "score": "0.85"}
    aws.answer("ListModelPackages", listed(7))
    aws.answer("DescribeModelPackage", package(7, CustomerMetadataProperties=noted))
    aws.answer("PutJobSuccessResult", {})
    event = job()
    handler(event, None)
    (answer,) = aws.of("PutJobSuccessResult")
    assert answer == {
        "jobId": event["CodePipeline.job"]["id"],
        "outputVariables": {
            "ModelPackageArn": f"{ARN}/7",
            "Version": "7",
            "Summary": f"{GROUP}/7, model xgboost, target price, metric test_r2, score 0.85, "
            "data housing.california",
        },
    }


def test_a_long_summary_leaves_room_in_the_text_of_the_approval(aws: AnsweredCalls) -> None:
    """A value of an action's configuration has 1,000 letters at most."""
    noted = dict.fromkeys(("model", "target", "metric", "score", "data"), "x" * 256)
    aws.answer("DescribeModelPackage", package(7, CustomerMetadataProperties=noted))
    found = handler({"ModelPackageArn": f"{ARN}/7"}, None)
    assert 500 < len(found["Summary"]) <= 900


def test_codepipeline_hears_why_there_is_none(aws: AnsweredCalls) -> None:
    aws.answer("ListModelPackages", listed())
    aws.answer("PutJobFailureResult", {})
    assert handler(job({}), None) == {}
    (answer,) = aws.of("PutJobFailureResult")
    assert answer["failureDetails"]["type"] == "JobFailed"
    assert answer["failureDetails"]["message"].startswith(f"{GROUP} has no approved version.")
    assert not aws.of("PutJobSuccessResult")


def test_codepipeline_hears_of_any_error(aws: AnsweredCalls) -> None:
    """Without an answer the action would wait until its time limit."""
    aws.answer("PutJobFailureResult", {})
    event = job()
    event["CodePipeline.job"]["data"]["actionConfiguration"]["configuration"] = {
        "UserParameters": "no JSON"
    }
    handler(event, None)
    assert "Expecting value" in aws.of("PutJobFailureResult")[0]["failureDetails"]["message"]


def test_throttled_calls_are_repeated(monkeypatch) -> None:
    """SageMaker refuses twice; the real client of botocore asks again."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    throttled = {"__type": "ThrottlingException", "message": "Rate exceeded"}
    pages = listed(1) | {}
    described = package(1)
    waiting = [(400, throttled), (400, throttled), (200, pages), (400, throttled), (200, described)]

    class Raw:
        def __init__(self, content: bytes) -> None:
            self._content = content

        def stream(self, **_options: object) -> Any:
            yield self._content

    def sent(request: Any, **_more: object) -> AWSResponse:
        status, content = waiting.pop(0)
        return AWSResponse(request.url, status, {}, Raw(json.dumps(content).encode()))

    session = boto3.Session(region_name="eu-west-1")
    session.events.register("before-send.sagemaker", sent)
    monkeypatch.setattr(boto3, "client", session.client)
    assert handler({}, None)["Version"] == "1"
    assert not waiting
