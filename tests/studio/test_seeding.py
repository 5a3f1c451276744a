"""What the Lambda behind the custom resource tells CloudFormation, whatever happens."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from studio.lambdas import seeding

BUILD, PROJECT = "sagemaker-houses-dev-seed:1", "sagemaker-houses-dev-seed"
REQUEST = "5f3a9c1e-0000-4000-8000-000000000001"
LOG = "https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logEvent:group=seed"
SECRET = "X-Amz-Signature=abcdef"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
MOST_BYTES = 4096
REQUIRED = {"Status", "PhysicalResourceId", "StackId", "RequestId", "LogicalResourceId"}


@dataclass
class CloudFormation:
    """A server that takes answers.

    Attributes:
        url: A signed address.
        answers: What arrived: type of content and body.
        refusals: How many requests are refused before one is taken.
    """

    url: str
    answers: list[tuple[str | None, bytes]] = field(default_factory=list)
    refusals: int = 0

    def said(self) -> dict[str, Any]:
        """Return the only answer, which is within CloudFormation's limits."""
        [(kind, body)] = self.answers
        assert not kind
        assert len(body) <= MOST_BYTES
        answer: dict[str, Any] = json.loads(body)
        assert answer.keys() >= REQUIRED
        return answer


class Context:
    """Lambda's: a given number of seconds is left."""

    def __init__(self, seconds: float = 880) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if waiting.refusals:
                waiting.refusals -= 1
                self.send_error(503)
                return
            waiting.answers.append((self.headers["Content-Type"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    waiting = CloudFormation(f"http://127.0.0.1:{server.server_port}/answer?{SECRET}")
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield waiting
    server.shutdown()
    server.server_close()


@pytest.fixture
def codebuild(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Give a client that checks what it is asked by botocore's model; nothing is waited for."""
    client = boto3.client(
        "codebuild", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    monkeypatch.setattr("boto3.client", lambda service, config: client)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with Stubber(client) as stubber:
        yield stubber


def event(cloudformation: CloudFormation, kind: str = "Create", **changed: Any) -> dict[str, Any]:
    """Return a request as CloudFormation sends it (crpg-ref-requesttypes.html)."""
    physical = {} if kind == "Create" else {"PhysicalResourceId": "seed-as-before"}
    return {
        "RequestType": kind,
        "RequestId": REQUEST,
        "ResponseURL": cloudformation.url,
        "ResourceType": "Custom::Seed",
        "LogicalResourceId": "Seed",
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/SP-houses-p-1/guid",
        "ResourceProperties": {"ServiceToken": "arn", "Project": PROJECT, "Release": "1.4.0"},
        **physical,
        **changed,
    }


def expect_start(codebuild: Stubber, kind: str = "Create") -> None:
    variable = {"name": "SEED_REQUEST", "value": kind, "type": "PLAINTEXT"}
    codebuild.add_response(
        "start_build",
        {"build": {"id": BUILD}},
        {
            "projectName": PROJECT,
            "idempotencyToken": REQUEST,
            "environmentVariablesOverride": [variable],
        },
    )


def expect_look(codebuild: Stubber, status: str, said: str | None = None, **more: Any) -> None:
    variables = [{"name": "OTHER", "value": "1"}]
    if said is not None:
        variables.append({"name": "SEED_RESULT", "value": said})
    build: dict[str, Any] = {"id": BUILD, "buildStatus": status, "logs": {"deepLink": LOG}}
    build |= {"exportedEnvironmentVariables": variables, **more}
    codebuild.add_response("batch_get_builds", {"builds": [build]}, {"ids": [BUILD]})


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_build_that_succeeds_is_waited_for_and_told(
    cloudformation: CloudFormation, codebuild: Stubber, kind: str
) -> None:
    expect_start(codebuild, kind)
    expect_look(codebuild, "IN_PROGRESS")
    expect_look(codebuild, "SUCCEEDED", "Pushed main.")
    seeding.handler(event(cloudformation, kind), Context())
    codebuild.assert_no_pending_responses()
    answer = cloudformation.said()
    assert answer["Status"] == "SUCCESS"
    assert answer["Data"] == {"Result": "Pushed main."}
    assert answer["RequestId"] == REQUEST
    assert (
        answer["PhysicalResourceId"]
        == {
            "Create": f"seed-{PROJECT}",
            "Update": "seed-as-before",
        }[kind]
    )


def test_a_build_that_fails_is_told_with_what_the_seed_said_and_where_its_log_is(
    cloudformation: CloudFormation, codebuild: Stubber
) -> None:
    expect_start(codebuild)
    expect_look(codebuild, "FAILED", "It has commits. Choose an empty one.")
    seeding.handler(event(cloudformation), Context())
    answer = cloudformation.said()
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == f"It has commits. Choose an empty one. Log: {LOG}"


def test_an_update_that_the_seed_refuses_holds_up_no_stack(
    cloudformation: CloudFormation, codebuild: Stubber
) -> None:
    """Failed, it would be rolled back by an update that is refused as well, and be stuck."""
    expect_start(codebuild, "Update")
    expect_look(codebuild, "FAILED", "refused: the record is gone.")
    seeding.handler(event(cloudformation, "Update"), Context())
    answer = cloudformation.said()
    assert answer["Status"] == "SUCCESS"
    assert answer["Data"] == {"Result": f"refused: the record is gone. Log: {LOG}"}


def test_where_the_seed_said_nothing_the_phase_that_failed_is_told(
    cloudformation: CloudFormation, codebuild: Stubber
) -> None:
    phases = [
        {"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED"},
        {
            "phaseType": "DOWNLOAD_SOURCE",
            "phaseStatus": "FAILED",
            "contexts": [{"statusCode": "CLIENT_ERROR", "message": "AccessDenied: status 403"}],
        },
    ]
    expect_start(codebuild)
    expect_look(codebuild, "FAILED", phases=phases)
    seeding.handler(event(cloudformation), Context())
    reason = cloudformation.said()["Reason"]
    assert "DOWNLOAD_SOURCE: AccessDenied: status 403" in reason
    assert LOG in reason


@pytest.mark.parametrize("said", ['"\\' * 5000, "ü" * 5000, "🏠" * 3000, "\x00\n\x1b" * 5000, "x"])
def test_an_answer_is_never_longer_than_cloudformation_takes(
    cloudformation: CloudFormation, codebuild: Stubber, said: str
) -> None:
    expect_start(codebuild)
    expect_look(codebuild, "FAILED", said)
    seeding.handler(event(cloudformation), Context())
    reason = cloudformation.said()["Reason"]
    assert reason.endswith(LOG)
    assert reason.isprintable()


def test_a_build_without_end_is_answered_before_the_lambda_is_killed(
    cloudformation: CloudFormation, codebuild: Stubber
) -> None:
    expect_start(codebuild)
    expect_look(codebuild, "IN_PROGRESS")
    seeding.handler(event(cloudformation), Context(seconds=40))
    answer = cloudformation.said()
    assert answer["Status"] == "FAILED"
    assert "not ended in time" in answer["Reason"]


def test_a_deletion_succeeds_and_builds_nothing(
    cloudformation: CloudFormation, codebuild: Stubber
) -> None:
    seeding.handler(event(cloudformation, "Delete"), Context())
    answer = cloudformation.said()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "seed-as-before")


def test_a_role_that_is_not_known_yet_is_waited_for(
    cloudformation: CloudFormation, codebuild: Stubber
) -> None:
    codebuild.add_client_error("start_build", "AccessDeniedException", "not authorized")
    codebuild.add_client_error(
        "start_build", "InvalidInputException", "not authorized to perform: sts:AssumeRole"
    )
    expect_start(codebuild)
    expect_look(codebuild, "SUCCEEDED", "Pushed main.")
    seeding.handler(event(cloudformation), Context())
    assert cloudformation.said()["Status"] == "SUCCESS"


@pytest.mark.parametrize("code", ["AccountLimitExceededException", "ResourceNotFoundException"])
def test_an_exception_of_aws_is_the_reason(
    cloudformation: CloudFormation, codebuild: Stubber, code: str
) -> None:
    codebuild.add_client_error("start_build", code, "Too many")
    seeding.handler(event(cloudformation), Context())
    answer = cloudformation.said()
    assert answer["Status"] == "FAILED"
    assert code in answer["Reason"] and "Too many" in answer["Reason"]


def test_a_build_that_codebuild_has_forgotten_is_the_reason(
    cloudformation: CloudFormation, codebuild: Stubber
) -> None:
    expect_start(codebuild)
    codebuild.add_response("batch_get_builds", {"builds": [], "buildsNotFound": [BUILD]})
    seeding.handler(event(cloudformation), Context())
    assert BUILD in cloudformation.said()["Reason"]


@pytest.mark.parametrize(
    "changed",
    [
        {"RequestType": "Replace"},
        {"RequestType": None},
        {"ResourceProperties": {}},
        {"ResourceProperties": None},
        {"ResourceProperties": ["Project"]},
        {"ResourceProperties": {"Project": {"Ref": "SeedProject"}}},
    ],
)
def test_a_malformed_request_is_answered(
    cloudformation: CloudFormation, codebuild: Stubber, changed: dict[str, Any]
) -> None:
    seeding.handler(event(cloudformation) | changed, Context())
    assert cloudformation.said()["Status"] == "FAILED"


def test_a_request_without_an_id_is_answered(
    cloudformation: CloudFormation, codebuild: Stubber
) -> None:
    request = event(cloudformation)
    del request["RequestId"], request["StackId"]
    seeding.handler(request, None)
    assert cloudformation.said()["Status"] == "FAILED"


@pytest.mark.parametrize("nonsense", [{}, {"ResponseURL": 3}, [], None, "x"])
def test_what_can_not_be_answered_is_not_tried_again(nonsense: Any) -> None:
    seeding.handler(nonsense, Context())


def test_an_answer_is_sent_again_where_it_was_not_taken(
    cloudformation: CloudFormation, codebuild: Stubber
) -> None:
    cloudformation.refusals = 2
    seeding.handler(event(cloudformation, "Delete"), Context())
    assert cloudformation.said()["Status"] == "SUCCESS"


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/?{s}", "http://h/ x?{s}", "odd:{s}"])
def test_the_signed_address_is_never_printed(
    cloudformation: CloudFormation,
    codebuild: Stubber,
    capfd: pytest.CaptureFixture[str],
    url: str,
) -> None:
    request = event(cloudformation, "Delete")
    request["ResponseURL"] = url.format(port=closed_port(), s=SECRET)
    with pytest.raises(RuntimeError, match="took no answer") as caught:
        seeding.handler(request, Context())
    assert SECRET not in str(caught.getrepr(style="short", chain=True))
    printed = capfd.readouterr()
    assert SECRET not in printed.out + printed.err
    request = event(cloudformation)
    codebuild.add_client_error("start_build", "InvalidInputException", f"got {cloudformation.url}")
    seeding.handler(request, Context())
    assert SECRET not in capfd.readouterr().out
