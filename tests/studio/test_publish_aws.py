"""What AWS refuses, which no local server does: each by action, resource and remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from sagetabular.errors import UserError
from studio.publishing.bundling.bundle import Bundle
from studio.publishing.placing.account import Publisher
from studio.publishing.placing.bucket import TemplateBucket
from tests.studio.publishing import VERSION

BUCKET = {"Bucket": "templates"}
ARN = "arn:aws:s3:::templates"
WHO = "arn:aws:iam::111122223333:user/somebody"
HEAD = ("head_bucket", {"BucketRegion": "eu-west-1"}, BUCKET)
OWNED: tuple[str, dict[str, str], dict[str, str]] = (
    "head_bucket",
    {},
    {**BUCKET, "ExpectedBucketOwner": "111122223333"},
)


class Stubbed(Publisher):
    """A publisher whose client of a service is a stub's; botocore checks what it is asked.

    Args:
        stubs: Service → its stub.
    """

    def __init__(self, stubs: dict[str, Stubber]) -> None:
        self.region, self._stubs = "eu-west-1", stubs

    def client(self, service: str) -> Any:
        return self._stubs[service].client


@pytest.fixture
def stubs() -> Iterator[dict[str, Stubber]]:
    """Give stubs of the services; in the end each must have been asked all it expects."""
    access = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "eu-west-1"}
    services = ("sts", "s3", "cloudformation")
    made = {name: Stubber(boto3.client(name, **access)) for name in services}
    made["sts"].add_response("get_caller_identity", {"Account": "111122223333", "Arn": WHO})
    for stub in made.values():
        stub.activate()
    yield made
    for name in ("s3", "cloudformation"):
        made[name].assert_no_pending_responses()


def denied(stub: Stubber, call: str, words: str = "no identity-based policy allows it") -> None:
    stub.add_client_error(call, "AccessDenied", words, 403)


def look(stubs: dict[str, Stubber]) -> None:
    TemplateBucket(Stubbed(stubs), "templates").check()


def put(stubs: dict[str, Stubber]) -> None:
    TemplateBucket(Stubbed(stubs), "templates").put_bundle(Bundle(VERSION, {"a": b"b"}))


KEY = Bundle(VERSION, {"a": b"b"}).key


def test_a_bucket_that_nobody_may_look_at(stubs: dict[str, Stubber]) -> None:
    stubs["s3"].add_client_error("head_bucket", "403", "Forbidden", 403)
    with pytest.raises(UserError) as refused:
        look(stubs)
    assert refused.value.message == f"AWS denies s3:ListBucket on {ARN}: Forbidden"
    assert "Allow s3:ListBucket on it" in refused.value.remedy


def test_a_bucket_of_another_account(stubs: dict[str, Stubber]) -> None:
    stubs["s3"].add_response(*HEAD)
    stubs["s3"].add_client_error("head_bucket", "403", "Forbidden", 403)
    with pytest.raises(UserError) as refused:
        look(stubs)
    rule = "Bucket templates must be of account 111122223333, and is of another one."
    assert refused.value.message == rule
    assert "--profile" in refused.value.remedy


def test_versions_that_nobody_may_ask_for(stubs: dict[str, Stubber]) -> None:
    stubs["s3"].add_response(*HEAD)
    stubs["s3"].add_response(*OWNED)
    denied(stubs["s3"], "get_bucket_versioning")
    with pytest.raises(UserError, match=f"AWS denies s3:GetBucketVersioning on {ARN}: no identity"):
        look(stubs)


def test_an_upload_that_is_denied(stubs: dict[str, Stubber]) -> None:
    stubs["s3"].add_client_error("head_object", "404", "Not Found", 404)
    denied(stubs["s3"], "put_object")
    with pytest.raises(UserError) as refused:
        put(stubs)
    assert refused.value.message.startswith(f"AWS denies s3:PutObject on {ARN}/{KEY}: ")
    assert "Allow s3:PutObject on it, or sign in as somebody who may" in refused.value.remedy


def test_an_upload_says_its_hash_and_whose_bucket_it_must_be(stubs: dict[str, Stubber]) -> None:
    stubs["s3"].add_client_error("head_object", "404", "Not Found", 404)
    stubs["s3"].add_response(
        "put_object",
        {},
        {
            **BUCKET,
            "Key": KEY,
            "Body": ANY,
            "ContentType": "application/zip",
            "Metadata": {"release": VERSION},
            "ChecksumAlgorithm": "SHA256",
            "ChecksumSHA256": ANY,
            "ExpectedBucketOwner": "111122223333",
        },
    )
    put(stubs)


@pytest.mark.parametrize(
    ("code", "words", "rule", "remedy"),
    [
        ("AccessDenied", "no", "AWS denies cloudformation:DescribeStacks on stack", "--profile"),
        ("ExpiredToken", "old", "credentials must be valid, got ExpiredToken", "aws sso login"),
        ("ValidationError", "Stack with id x does not exist", "and there is none", "--stack"),
        ("Throttling", "Rate exceeded", "Throttling: Rate exceeded", "--region"),
    ],
)
def test_a_stack_that_cannot_be_read(
    stubs: dict[str, Stubber], code: str, words: str, rule: str, remedy: str
) -> None:
    stubs["cloudformation"].add_client_error("describe_stacks", code, words)
    with pytest.raises(UserError) as refused:
        Stubbed(stubs).organisation("projects")
    assert rule in refused.value.message
    assert remedy in refused.value.remedy
    assert "conf/aws.yaml" not in refused.value.remedy and "doctor" not in refused.value.remedy
    assert len(str(refused.value).splitlines()) == 2


def test_a_stack_that_does_not_stand(stubs: dict[str, Stubber]) -> None:
    stack = {"StackName": "projects", "StackStatus": "ROLLBACK_COMPLETE", "CreationTime": 0}
    stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [stack]})
    with pytest.raises(UserError, match="and it is ROLLBACK_COMPLETE") as refused:
        Stubbed(stubs).organisation("projects")
    assert "studio/organisation.yaml" in refused.value.remedy


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_is_the_environments(
    monkeypatch: pytest.MonkeyPatch, name: str, no_region: Callable[[], None]
) -> None:
    no_region()
    with pytest.raises(UserError, match="published in one Region, and none is given") as refused:
        Publisher(None, None)
    assert "--region" in refused.value.remedy
    monkeypatch.setenv(name, "eu-central-1")
    assert Publisher(None, None).region == "eu-central-1"
    assert Publisher(None, "eu-west-3").region == "eu-west-3"


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, no_region: Callable[[], None]) -> None:
    no_region()
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(UserError, match="AWS credentials are needed, none were found") as refused:
        Publisher(None, "eu-west-1").number  # noqa: B018
    assert "aws sso login" in refused.value.remedy


@pytest.fixture
def no_region(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what takes AWS's configuration away."""

    def forget() -> None:
        for file in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(file, "/dev/null")
        for name in (
            "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        ):  # fmt: skip
            monkeypatch.delenv(name, raising=False)

    return forget
