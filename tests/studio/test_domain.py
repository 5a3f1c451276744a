"""The Lambda that tags a domain, against a domain in memory, and CloudFormation's address."""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

domain: Any = importlib.import_module("studio.lambdas.domain")
OURS, THEIRS = "s3://ours/templates/", "s3://theirs/"
PLACE = "arn:aws:sagemaker:eu-west-1:123456789012:domain/"
CONTEXT = SimpleNamespace(
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:sagemaker-projects-tag"
)


class Domains:
    """Domains with tags.

    Args:
        tags: Domain → value of the tag, or None for a domain without it.
        broken: Whether AWS refuses everything.
    """

    def __init__(self, tags: dict[str, str | None], broken: bool = False) -> None:
        self.tags = {PLACE + name: value for name, value in tags.items()}
        self.broken = broken

    def get_paginator(self, name: str) -> Any:
        assert name == "list_tags"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, ResourceArn: str) -> list[dict[str, Any]]:  # noqa: N803  # boto3's
        if self.broken:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListTags")
        if ResourceArn not in self.tags:
            raise ClientError({"Error": {"Code": "ValidationException"}}, "ListTags")
        value = self.tags[ResourceArn]
        tagged = [] if value is None else [{"Key": domain.TAG, "Value": value}]
        return [{"Tags": [{"Key": "team", "Value": "ml"}]}, {"Tags": tagged}]

    def add_tags(self, ResourceArn: str, Tags: list[dict[str, str]]) -> None:  # noqa: N803
        assert [one["Key"] for one in Tags] == [domain.TAG]
        self.tags[ResourceArn] = Tags[0]["Value"]

    def delete_tags(self, ResourceArn: str, TagKeys: list[str]) -> None:  # noqa: N803
        assert TagKeys == [domain.TAG]
        self.tags[ResourceArn] = None

    def now(self) -> dict[str, str | None]:
        return {arn.removeprefix(PLACE): value for arn, value in self.tags.items()}


@pytest.fixture
def answers() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Address for an answer, and what came there; the first attempt is refused."""
    found: list[dict[str, Any]] = []
    refused: list[int] = []

    class Taker(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not refused:
                refused.append(1)
                self.send_error(503)
                return
            assert self.headers["Content-Type"] == ""
            found.append(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/answer", found
    server.shutdown()
    server.server_close()


# Request, domain asked for, physical id, old properties; tags before and after; status.
CASES: dict[str, tuple[Any, ...]] = {
    "a domain is tagged": ("Create", "d-1", None, {}, {"d-1": None}, {"d-1": OURS}, "SUCCESS"),
    "it is tagged already": ("Create", "d-1", None, {}, {"d-1": OURS}, {"d-1": OURS}, "SUCCESS"),
    "others' tag stays": ("Create", "d-1", None, {}, {"d-1": THEIRS}, {"d-1": THEIRS}, "FAILED"),
    "there is no such domain": ("Create", "d-2", None, {}, {"d-1": None}, {"d-1": None}, "FAILED"),
    "our former place is replaced": (
        "Update", "d-1", "d-1", {"DomainId": "d-1", "Location": "s3://old/"},
        {"d-1": "s3://old/"}, {"d-1": OURS}, "SUCCESS",
    ),
    "another domain": (
        "Update", "d-2", "d-1", {"DomainId": "d-1", "Location": OURS},
        {"d-1": OURS, "d-2": None}, {"d-1": OURS, "d-2": OURS}, "SUCCESS",
    ),
    "another domain with others' tag": (
        "Update", "d-2", "d-1", {"DomainId": "d-1", "Location": THEIRS},
        {"d-1": THEIRS, "d-2": THEIRS}, {"d-1": THEIRS, "d-2": THEIRS}, "FAILED",
    ),
    "our tag is removed": ("Delete", "d-1", "d-1", {}, {"d-1": OURS}, {"d-1": None}, "SUCCESS"),
    "the former domain's is": (
        "Delete", "d-2", "d-1", {},
        {"d-1": OURS, "d-2": OURS}, {"d-1": None, "d-2": OURS}, "SUCCESS",
    ),
    "others' is not removed": (
        "Delete", "d-1", "d-1", {}, {"d-1": THEIRS}, {"d-1": THEIRS}, "SUCCESS",
    ),
    "the domain is gone": ("Delete", "d-1", "d-1", {}, {}, {}, "SUCCESS"),
}  # fmt: skip


def ask(address: str, request: str, name: str, known: str | None, old: dict[str, str]) -> None:
    event = {
        "RequestType": request, "ResponseURL": address, "StackId": "s", "RequestId": "r",
        "LogicalResourceId": "DomainTag", "OldResourceProperties": old,
        "ResourceProperties": {"DomainId": name, "Location": OURS},
    }  # fmt: skip
    domain.handler({**event, **({"PhysicalResourceId": known} if known else {})}, CONTEXT)


@pytest.mark.parametrize("case", CASES)
def test_tag_is_kept(case: str, answers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    request, name, known, old, before, after, status = CASES[case]
    domains = Domains(before)
    monkeypatch.setattr(domain.boto3, "client", lambda service, config: domains)
    monkeypatch.setattr(domain.time, "sleep", lambda _: None)
    ask(answers[0], request, name, known, old)
    assert domains.now() == after
    (answer,) = answers[1]
    assert answer["Status"] == status
    # A failed update keeps the former id, or CloudFormation would remove the former tag.
    expected = known if known and (status == "FAILED" or request == "Delete") else name
    assert answer["PhysicalResourceId"] == expected
    assert (answer["StackId"], answer["RequestId"]) == ("s", "r")


def test_reason_has_rule_value_and_remedy(answers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    domains = Domains({"d-1": THEIRS})
    monkeypatch.setattr(domain.boto3, "client", lambda service, config: domains)
    ask(answers[0], "Create", "d-1", None, {})
    reason = answers[1][0]["Reason"]
    assert THEIRS in reason
    assert "remove the tag" in reason


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_cloudformation_hears_of_every_refusal(
    request_type: str, answers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    domains = Domains({"d-1": OURS}, broken=True)
    monkeypatch.setattr(domain.boto3, "client", lambda service, config: domains)
    known = None if request_type == "Create" else "d-1"
    ask(answers[0], request_type, "d-1", known, {})
    assert answers[1][0]["Status"] == "FAILED"
    assert "AccessDenied" in answers[1][0]["Reason"]
