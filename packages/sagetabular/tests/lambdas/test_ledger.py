"""The Lambda that writes the ledger, in an account whose calls botocore's descriptions check."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_account import (
    DIGEST,
    ENVIRONMENT,
    EXECUTION,
    ID,
    PACKAGE,
    REGISTERED,
    REGISTRY,
    STARTED,
    TOPIC,
    LedgerAccount,
    event,
    package,
    step,
)

from sagetabular.lambdas import ledger

FAILED_GATE = "No model was registered: the winner ridge reaches R2 0.31 on the test rows."


def connected(patch: pytest.MonkeyPatch) -> LedgerAccount:
    """Let all clients call a new account."""
    account = LedgerAccount()
    variables = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "own"}
    for name, value in {**ENVIRONMENT, **variables, "AWS_SECRET_ACCESS_KEY": "x"}.items():
        patch.setenv(name, value)

    # It would keep these keys for tests of others, and clients those of an earlier test.
    patch.setattr(boto3, "DEFAULT_SESSION", None)
    ledger._client.cache_clear()

    def answered(client: BaseClient, operation: str, request: dict[str, Any]) -> Any:
        return account.patched(client, operation, request)

    patch.setattr(BaseClient, "_make_api_call", answered)
    return account


@pytest.fixture
def account(quick_clients, monkeypatch) -> LedgerAccount:
    """An account whose pipeline has succeeded."""
    return connected(monkeypatch)


def outcome(given_event: dict[str, Any]) -> str:
    """Call the Lambda, and return what it says that it did."""
    answer = ledger.handler(given_event, None)
    assert answer["execution"] == EXECUTION
    return answer["outcome"]


def test_a_success_is_recorded_whole(account: LedgerAccount) -> None:
    assert outcome(event("Succeeded", 600)) == "recorded"
    item = account.item()
    sent, claimed = item.pop("notice_sent"), item.pop("notice_claimed")
    assert sent >= claimed
    assert item == {
        "execution": EXECUTION,
        "execution_id": ID,
        "pipeline": "housing-dev",
        "name": "execution-1",
        "trigger": "Started by s3://data/input/data/training/a.csv",
        "status": "Succeeded",
        "changed": "2026-11-30T12:10:00.000Z",
        "rank": 2,
        "commit": "0a1b2c3",
        "parameters": {"Folds": "5", "ImageUri": f"{REGISTRY}/housing:1", "Commit": "0a1b2c3"},
        "images": [
            {"uri": f"{REGISTRY}/housing:1", "digest": DIGEST},
            {"uri": "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0"},
        ],
        "inputs": {
            "location": "s3://data/input/data/", "count": 0, "complete": True, "objects": []
        },
        "started": "2026-11-30T12:00:00.000Z",
        "ended": "2026-11-30T12:10:00.000Z",
        "best_model": "ridge",
        "metric": "test_r2",
        "score": Decimal("0.8246916"),
        "package": PACKAGE,
    }  # fmt: skip


def test_the_notice_names_the_winner_and_its_score(account: LedgerAccount) -> None:
    outcome(event("Succeeded", 600))
    (notice,) = account.notices
    assert notice["TopicArn"] == TOPIC
    assert notice["Subject"] == "housing-dev succeeded: ridge, test_r2 0.8246916"
    for text in (PACKAGE, "0a1b2c3", EXECUTION, "Started by: Started by s3://data/"):
        assert text in notice["Message"]
    attributes = {name: entry["StringValue"] for name, entry in notice["MessageAttributes"].items()}
    assert attributes == {"pipeline": "housing-dev", "status": "Succeeded"}


def test_a_job_that_failed_is_named_with_reason_and_log(account: LedgerAccount) -> None:
    account.status = "Failed"
    reason = "AlgorithmError: exit code 1: the column price is missing"
    account.steps(
        step("Ingest", kind="ProcessingJob"),
        step(
            "FitRidge",
            "Failed",
            "TrainingJob",
            FailureReason="later",
            EndTime=STARTED + timedelta(9),
        ),
        step("Preprocess", "Failed", "ProcessingJob", FailureReason=reason, EndTime=STARTED),
    )
    outcome(event("Failed", 300))
    first, second = account.item()["failures"]
    assert (first["step"], second["step"]) == ("Preprocess", "FitRidge")
    assert first["reason"] == reason
    assert first["log_group"] == "/aws/sagemaker/ProcessingJobs"
    assert first["log_stream"] == f"pipelines-{ID}-Preprocess-abc/"
    assert first["command"] == f"pipeline logs {ID} Preprocess --on aws"
    assert first["console"] == (
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups"
        "/log-group/$252Faws$252Fsagemaker$252FProcessingJobs"
        f"$3FlogStreamNameFilter$3Dpipelines-{ID}-Preprocess-abc"
    )
    (notice,) = account.notices
    assert notice["Subject"] == "housing-dev failed at Preprocess"
    for text in (reason, first["console"], first["command"], first["log_group"]):
        assert text in notice["Message"]


def test_a_closed_gate_is_a_failure_with_a_winner(account: LedgerAccount) -> None:
    """Without a package the score is that of Select's file: all 17 digits."""
    account.status = "Failed"
    failed = step("Fail", "Failed")
    failed["Metadata"] = {"Fail": {"ErrorMessage": FAILED_GATE}}
    account.steps(step("Select", kind="ProcessingJob"), failed)
    output = {"OutputName": "selection", "S3Output": {"S3Uri": "s3://artefacts/e/select"}}
    account.answer("DescribeProcessingJob", {"ProcessingOutputConfig": {"Outputs": [output]}})
    winner = {"model": "ridge", "test_r2": 0.31234567890123456}
    selection = {"by": "cv", "metric": "r2", "winner": winner, "ranking": [winner]}
    account.answer("GetObject", json.dumps(selection).encode())
    outcome(event("Failed", 300))
    item = account.item()
    assert item["best_model"] == "ridge"
    assert (item["metric"], item["score"]) == ("test_r2", Decimal(repr(winner["test_r2"])))
    assert "package" not in item
    assert account.of("GetObject") == [{"Bucket": "artefacts", "Key": "e/select/selection.json"}]
    (notice,) = account.notices
    assert FAILED_GATE in notice["Message"]
    assert "Registered: nothing" in notice["Message"]
    assert f"pipeline show {ID} --on aws" in notice["Message"]


def test_an_execution_that_failed_before_its_steps_has_a_reason(account: LedgerAccount) -> None:
    account.status = "Failed"
    account.steps()
    outcome(event("Failed", 3))
    (failure,) = account.item()["failures"]
    assert failure["reason"] == "Step failure"
    assert account.notices[0]["Subject"] == "housing-dev failed"


@pytest.mark.parametrize(
    ("status", "words"),
    [("Stopped", "stopped"), ("CompletedWithFailures", "completed with failures")],
)
def test_other_ends_are_told_too(account: LedgerAccount, status: str, words: str) -> None:
    account.status = status
    account.steps(step("Ingest", "Stopped", "ProcessingJob"))
    outcome(event(status, 60))
    assert [notice["Subject"] for notice in account.notices] == [f"housing-dev {words}"]
    assert account.item()["status"] == status


@pytest.mark.parametrize("status", ["Executing", "Stopping"])
def test_an_execution_that_runs_is_recorded_without_a_notice(
    account: LedgerAccount, status: str
) -> None:
    account.status = status
    assert outcome(event(status, 1)) == "recorded"
    item = account.item()
    assert item["status"] == status
    assert "ended" not in item
    assert not account.notices


def test_the_winner_comes_before_models_of_another_kind(account: LedgerAccount) -> None:
    account.steps(step("RegisterTopics", kind="RegisterModel"), step("R", kind="RegisterModel"))
    other = package({"model": "topics"}, f"{PACKAGE}-topics")
    account.replace("DescribeModelPackage", other, package(REGISTERED))
    outcome(event("Succeeded", 600))
    assert (account.item()["best_model"], account.item()["package"]) == ("ridge", PACKAGE)


# --- Order and repetition ---


def test_an_event_that_comes_twice_is_told_once(account: LedgerAccount) -> None:
    """SageMaker "may send multiple events for each state change"; their `time` may differ."""
    again = event("Succeeded", 600)
    again["time"] = "2026-11-30T12:10:07Z"
    assert [outcome(event("Succeeded", 600)), outcome(again)] == ["recorded", "known"]
    assert len(account.notices) == 1


def test_an_end_without_a_time_is_told_once_too(account: LedgerAccount) -> None:
    first, again = (event("Succeeded", seconds, ended=False) for seconds in (600, 607))
    assert [outcome(first), outcome(again)] == ["recorded", "known"]
    assert len(account.notices) == 1


def test_an_event_that_comes_late_changes_nothing(account: LedgerAccount) -> None:
    outcome(event("Succeeded", 600))
    before = account.item()
    assert outcome(event("Executing", 1)) == "outdated"
    assert account.item() == before


def test_an_end_counts_though_an_earlier_state_is_dated_later(account: LedgerAccount) -> None:
    """The time of an event is that of its sending, an end has its own."""
    account.status = "Stopping"
    outcome(event("Stopping", 61))
    account.status = "Stopped"
    assert outcome(event("Stopped", 60)) == "recorded"
    assert account.item()["status"] == "Stopped"
    assert len(account.notices) == 1


def test_a_start_that_comes_after_the_end_is_left_to_the_end(account: LedgerAccount) -> None:
    assert outcome(event("Executing", 1)) == "outdated"
    assert not account.items


def test_a_retried_execution_ends_anew(account: LedgerAccount) -> None:
    """RetryPipelineExecution goes on with the same ARN."""
    account.status = "Failed"
    account.steps(step("FitRidge", "Failed", "TrainingJob"))
    outcome(event("Failed", 100))
    account.status = "Executing"
    assert outcome(event("Executing", 200)) == "recorded"
    assert not {"ended", "failures", "notice_sent"} & {*account.item()}
    account.status = "Succeeded"
    account.steps(step("Register", kind="RegisterModel"))
    outcome(event("Succeeded", 300))
    assert account.item()["status"] == "Succeeded"
    assert len(account.notices) == 2


def test_a_notice_that_could_not_be_sent_is_sent_by_the_next_call(account: LedgerAccount) -> None:
    account.refusals = 1
    with pytest.raises(ClientError):
        outcome(event("Succeeded", 600))
    assert account.item()["status"] == "Succeeded"
    assert outcome(event("Succeeded", 600)) == "recorded"
    assert outcome(event("Succeeded", 600)) == "known"
    assert len(account.notices) == 1


def test_who_finds_a_notice_being_sent_comes_back(
    account: LedgerAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other invocation may have died; after a while its notice counts as not sent."""
    outcome(event("Succeeded", 600))
    del account.items[EXECUTION]["notice_sent"]
    with pytest.raises(ledger.BusyError):
        outcome(event("Succeeded", 600))
    now = int(account.item()["notice_claimed"])
    monkeypatch.setattr(ledger.time, "time", lambda: now + ledger.LEASE + 1)
    assert outcome(event("Succeeded", 600)) == "recorded"
    assert len(account.notices) == 2


# Lambda calls a minute after a failure, and two minutes after the next:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
def test_the_last_call_of_lambda_finds_the_notice_free() -> None:
    assert 60 < ledger.LEASE < 60 + 120


STORY = [("Executing", 0), ("Stopping", 50), ("Stopped", 60), ("Executing", 90), ("Failed", 200)]


@settings(max_examples=25, deadline=None)
@given(
    calls=st.lists(st.tuples(st.sampled_from(range(len(STORY))), st.booleans()), max_size=12),
    last=st.permutations(range(len(STORY))),
)
def test_whatever_order_events_come_in_the_newest_state_stays(quick_clients, calls, last) -> None:
    """All events arrive at least once, in any order and any number.

    SageMaker says at each call how far the execution is: at least as far as the newest event.
    """
    with pytest.MonkeyPatch.context() as patch:
        account = connected(patch)
        account.steps(step("FitRidge", "Failed", "TrainingJob"))
        before, now = "", 0
        for index, is_late in [*calls, *((index, False) for index in last)]:
            now = max(now, len(STORY) - 1 if is_late else index)
            account.status = STORY[now][0]
            outcome(event(*STORY[index]))
            changed = account.item()["changed"] if account.items else ""
            assert changed >= before, "an older event replaced a newer state"
            before = changed
    assert (account.item()["status"], changed) == ("Failed", _moment(len(STORY) - 1))
    told = Counter(
        notice["MessageAttributes"]["status"]["StringValue"] for notice in account.notices
    )
    assert told["Failed"] == 1
    assert told["Stopped"] <= 1


def test_of_two_at_once_the_newer_wins(
    account: LedgerAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older one has read the table before the newer one wrote."""
    outcome(event("Succeeded", 600))
    before, stored = account.item(), ledger._stored
    stale = iter([{}])
    monkeypatch.setattr(ledger, "_stored", lambda arn: next(stale, None) or stored(arn))
    monkeypatch.setattr(ledger, "_has_moved_on", lambda change: False)
    assert outcome(event("Executing", 1)) == "outdated"
    assert account.item() == before


def _moment(index: int) -> str:
    return f"{STARTED + timedelta(seconds=STORY[index][1]):%Y-%m-%dT%H:%M:%S.000Z}"


# --- Inputs ---


def version(key: str, number: str, minutes: int, *, latest: bool = True) -> dict[str, Any]:
    """Return a version of an object, so many minutes after the start."""
    moment = STARTED + timedelta(minutes=minutes)
    return {"Key": key, "VersionId": number, "LastModified": moment, "IsLatest": latest}


def test_inputs_are_the_versions_that_were_there_at_the_start(account: LedgerAccount) -> None:
    first = {
        "IsTruncated": True,
        "NextKeyMarker": "b.csv",
        "NextVersionIdMarker": "x",
        "Versions": [
            version("a.csv", "after", 5),
            version("a.csv", "read", -5, latest=False),
            version("a.csv", "old", -50, latest=False),
        ],
    }
    gone = version("b.csv", "", -1)
    second = {
        "IsTruncated": False,
        "Versions": [version("b.csv", "deleted", -9, latest=False), version("c.csv", "null", -9)],
        "DeleteMarkers": [gone | {"VersionId": "marker"}, version("c.csv", "m", 3)],
    }
    account.replace("ListObjectVersions", first, second)
    outcome(event("Succeeded", 600))
    inputs = account.item()["inputs"]
    assert inputs["objects"] == [
        {"key": "a.csv", "version": "read"},
        {"key": "c.csv", "version": "null"},
    ]
    assert (inputs["count"], inputs["complete"]) == (2, True)
    assert account.of("ListObjectVersions")[0]["Prefix"] == "input/data/"


def test_inputs_are_those_of_the_uri_that_was_given(account: LedgerAccount) -> None:
    value = [{"Name": "DataUri", "Value": "s3://other/rows/2026.csv"}]
    account.replace("ListPipelineParametersForExecution", {"PipelineParameters": value})
    outcome(event("Succeeded", 600))
    request = account.of("ListObjectVersions")[0]
    assert (request["Bucket"], request["Prefix"]) == ("other", "rows/2026.csv")


def test_inputs_are_listed_once(account: LedgerAccount) -> None:
    account.status = "Executing"
    outcome(event("Executing", 1))
    account.status = "Succeeded"
    outcome(event("Succeeded", 600))
    assert len(account.of("ListObjectVersions")) == 1


def test_more_inputs_than_an_item_holds_are_an_object(account: LedgerAccount) -> None:
    """An item ends at 400 kB:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Limits.html
    """
    entries = [version(f"input/data/{number:0900}.csv", "v" * 32, -1) for number in range(450)]
    account.replace("ListObjectVersions", {"Versions": entries})
    account.answer("PutObject", {})
    outcome(event("Succeeded", 600))
    inputs = account.item()["inputs"]
    location = f"s3://artefacts/ledger/housing-dev/{ID}/inputs.json"
    assert inputs == {
        "location": "s3://data/input/data/", "count": 450, "complete": True, "manifest": location,
    }  # fmt: skip
    (put,) = account.of("PutObject")
    assert len(json.loads(put["Body"])) == 450
    assert len(json.dumps(account.items[EXECUTION])) < 400_000


def test_a_list_that_is_cut_says_so(
    account: LedgerAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MOST_OBJECTS", 2)
    entries = [version(f"{number}.csv", "v", -1) for number in range(3)]
    account.replace("ListObjectVersions", {"Versions": entries})
    outcome(event("Succeeded", 600))
    assert account.item()["inputs"]["complete"] is False


# --- Images ---


def test_a_digest_in_an_address_is_not_looked_up(account: LedgerAccount) -> None:
    uri = f"{REGISTRY}/housing@{DIGEST}"
    value = [{"Name": "ImageUri", "Value": uri}]
    account.replace("ListPipelineParametersForExecution", {"PipelineParameters": value})
    outcome(event("Succeeded", 600))
    assert {"uri": uri, "digest": DIGEST} in account.item()["images"]
    assert [request["registryId"] for request in account.of("DescribeImages")] == ["141502667606"]


def test_an_image_that_is_gone_has_no_digest(account: LedgerAccount) -> None:
    account.replace("DescribeImages", ("ImageNotFoundException", "gone"))
    outcome(event("Succeeded", 600))
    assert {"uri": f"{REGISTRY}/housing:1"} in account.item()["images"]


# --- What SNS takes ---


@pytest.mark.parametrize(
    "model",
    ["ridge", "Bäume 🌲", "line\nbreak", "x" * 300],
    ids=["plain", "umlauts", "break", "long"],
)
def test_a_subject_is_short_printable_ascii(model: str) -> None:
    """https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
    item = {"pipeline": "p", "status": "Succeeded", "best_model": model}
    subject = ledger.subject(item)
    assert len(subject) <= 100
    assert all(32 <= ord(character) < 127 for character in subject)


def test_failures_are_bounded(account: LedgerAccount) -> None:
    account.status = "Failed"
    failed = [step(f"S{n}", "Failed", "TrainingJob", FailureReason="x" * 9000) for n in range(40)]
    account.steps(*failed)
    outcome(event("Failed", 100))
    assert len(account.item()["failures"]) == 5
    # SNS takes 256 kB.
    assert len(account.notices[0]["Message"]) < 20_000


@pytest.mark.parametrize("score", ["nan", "inf", "none", None])
def test_a_score_that_is_no_number_is_left_out(account: LedgerAccount, score: str | None) -> None:
    told = {**REGISTERED, "score": score} if score else {"selection": "s3://x", "model": "ridge"}
    account.replace("DescribeModelPackage", package(told))
    outcome(event("Succeeded", 600))
    assert "score" not in account.item()
    assert account.notices[0]["Subject"] == "housing-dev succeeded: ridge"


# --- What cannot be read ---

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList; of SageMaker
# and ECR, the errors that the API's reference names for the operation.
UNREADABLE = [
    ("ListObjectVersions", "AccessDenied", "inputs"),
    ("ListObjectVersions", "NoSuchBucket", "inputs"),
    ("DescribeImages", "AccessDeniedException", "digest"),
    ("DescribeImages", "RepositoryNotFoundException", "digest"),
    ("DescribeModelPackage", "ValidationException", "score"),
    ("DescribeModelPackage", "AccessDeniedException", "score"),
    ("ListPipelineExecutionSteps", "AccessDeniedException", "package"),
    ("ListPipelineParametersForExecution", "AccessDeniedException", "parameters"),
    ("DescribePipelineDefinitionForExecution", "ResourceNotFound", "default"),
    ("DescribeProcessingJob", "ValidationException", "score"),
]


@pytest.mark.parametrize(("operation", "code", "lacks"), UNREADABLE)
def test_what_cannot_be_read_costs_neither_item_nor_notice(
    account: LedgerAccount, operation: str, code: str, lacks: str
) -> None:
    if operation == "DescribeProcessingJob":
        account.steps(step("Select", kind="ProcessingJob"))
    else:
        account.answer("DescribeProcessingJob", ("ValidationException", "Could not find it"))
    account.replace(operation, (code, "no"))
    assert outcome(event("Succeeded", 600)) == "recorded"
    item, (notice,) = account.item(), account.notices
    assert item["status"] == "Succeeded"
    assert notice["Subject"].startswith("housing-dev succeeded")
    assert lacks not in {*item, *item["images"][0]} - {"inputs"}
    unlisted = {"location": "s3://data/input/data/", "complete": False}
    assert (item.get("inputs") == unlisted) == (lacks == "inputs")
    if operation == "DescribeModelPackage":
        assert item["package"] == PACKAGE, "the step names it"
    if operation == "ListPipelineExecutionSteps":
        assert "Registered: unknown" in notice["Message"]


@pytest.mark.parametrize("uri", ["s3://", "s3:///rows", "s3://a b/rows", "s3://x/"])
def test_a_location_that_no_bucket_can_have_costs_nothing(account: LedgerAccount, uri: str) -> None:
    value = [{"Name": "DataUri", "Value": uri}]
    account.replace("ListPipelineParametersForExecution", {"PipelineParameters": value})
    account.replace("ListObjectVersions", ("InvalidBucketName", "no"))
    outcome(event("Succeeded", 600))
    assert account.item()["inputs"] == {"location": uri, "complete": False}
    assert len(account.notices) == 1


def test_inputs_that_could_not_be_read_are_tried_again(account: LedgerAccount) -> None:
    account.status = "Executing"
    account.replace("ListObjectVersions", ("AccessDenied", "no"))
    outcome(event("Executing", 1))
    account.status = "Succeeded"
    account.replace("ListObjectVersions", {"Versions": [version("a.csv", "read", -5)]})
    outcome(event("Succeeded", 600))
    assert account.item()["inputs"]["count"] == 1


def test_a_list_of_inputs_that_cannot_be_stored_costs_nothing(account: LedgerAccount) -> None:
    entries = [version(f"input/data/{number:0900}.csv", "v" * 32, -1) for number in range(450)]
    account.replace("ListObjectVersions", {"Versions": entries})
    account.answer("PutObject", ("AccessDenied", "no"))
    outcome(event("Succeeded", 600))
    inputs = account.item()["inputs"]
    assert inputs == {"location": "s3://data/input/data/", "count": 450, "complete": False}


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"winner": null, "metric": "r2"}'])
def test_a_selection_that_is_none_costs_nothing(account: LedgerAccount, body: bytes) -> None:
    account.steps(step("Select", kind="ProcessingJob"))
    place = {"S3Uri": "s3://artefacts/x", "LocalPath": "/x", "S3UploadMode": "EndOfJob"}
    outputs = [{"OutputName": "selection", "S3Output": place}]
    account.answer("DescribeProcessingJob", {"ProcessingOutputConfig": {"Outputs": outputs}})
    account.answer("GetObject", {"Body": io.BytesIO(body)})
    outcome(event("Succeeded", 600))
    assert "best_model" not in account.item()
    assert len(account.notices) == 1


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("ListPipelineExecutionSteps", "ThrottlingException"),
        ("ListObjectVersions", "SlowDown"),
        ("DescribeImages", "ServerException"),
        ("DescribeModelPackage", "ThrottlingException"),
    ],
)
def test_what_aws_answers_later_is_no_success(
    account: LedgerAccount, operation: str, code: str
) -> None:
    """Lambda tries again, and keeps the event in the end."""
    account.replace(operation, (code, "no"))
    with pytest.raises(ClientError):
        outcome(event("Succeeded", 600))
    assert not account.items
