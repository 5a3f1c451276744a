"""The organisation's stack: judged by validators, deployed, read back, its domain tagged.

SageMaker is a server of this file with domains that have tags: it refuses requests that are not
those of botocore's model. Of Service Catalog the local server knows nothing: the portfolio is left
out where the stack is deployed.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session
from botocore.validate import ParamValidator

from tests.infrastructure.account import NUMBER, Account
from tests.infrastructure.validators import Validators
from tests.servers import REGION, environment
from tests.studio import organisation as known
from tests.studio.test_organisation import CORS

STACK = "sagemaker-projects"
TAG = "sagemaker:projectS3TemplatesLocation"
GIVEN = {
    "StudioRoleArns": f"{known.STUDIO},arn:aws:iam::{NUMBER}:role/Second",
    "ConnectionArns": known.CONNECTION,
    "ReaderAccounts": "111122223333,444455556666",
}
FAULTS = [
    ("lint", "AWS::S3::Bucket\n", "AWS::S3::Buckett\n", "E3006"),
    ("validate", "Resource: !Ref ConnectionArns", "Resource: !Ref Connections", ""),
    (
        "check",
        "BlockPublicAcls: true\n",
        "BlockPublicAcls: false\n",
        "CKV_AWS_53",
    ),
]


@pytest.fixture(scope="session")
def validators() -> Validators:
    lock = Path(__file__).parent / "validators.lock"
    return Validators(environment("validators", lock) / "bin")


def judge(validators: Validators, folder: Path, program: str) -> list[Any]:
    """Return what a program has against the template of a folder."""
    path = folder / "organisation.yaml"
    if program == "check":
        # checkov leaves out what the default parameters do not make.
        text = re.sub(r"^    Condition: \w+\n", "", path.read_text("utf-8"), flags=re.MULTILINE)
        path.write_text(text, encoding="utf-8")
        return list(validators.check(folder).failed)
    return list(getattr(validators, program)([path]))


@pytest.mark.parametrize("program", ["lint", "validate", "check"])
def test_validators_have_nothing_against_it(
    validators: Validators, tmp_path: Path, program: str
) -> None:
    text = known.PATH.read_text(encoding="utf-8")
    (tmp_path / "organisation.yaml").write_text(text, encoding="utf-8")
    assert judge(validators, tmp_path, program) == []


@pytest.mark.parametrize(("program", "old", "new", "rule"), FAULTS)
def test_validators_find_planted_faults(
    validators: Validators, tmp_path: Path, program: str, old: str, new: str, rule: str
) -> None:
    text = known.PATH.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "organisation.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    found = judge(validators, tmp_path, program)
    assert [one for one in found if one.rule.startswith(rule)]


class Domains:
    """Domains of SageMaker, which have tags.

    Args:
        tags: Domain's id → its tags.
    """

    def __init__(self, tags: dict[str, dict[str, str]]) -> None:
        self.tags = tags
        self.refused = False
        self.model = Session().get_service_model("sagemaker")

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a request that is one of the model.

        Raises:
            ValueError: It is none, there is no such domain, or everything is refused.
        """
        shape = self.model.operation_model(operation).input_shape
        if report := ParamValidator().validate(request, shape).generate_report():
            raise ValueError(report)
        prefix = f"arn:aws:sagemaker:{REGION}:{NUMBER}:domain/"
        tags = self.tags.get(request["ResourceArn"].removeprefix(prefix))
        if tags is None or self.refused:
            raise ValueError("There is no such domain, or you may not")
        if operation == "AddTags":
            tags |= {one["Key"]: one["Value"] for one in request["Tags"]}
        elif operation == "DeleteTags":
            for key in request["TagKeys"]:
                del tags[key]
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


@contextmanager
def serving(port: int, domains: Domains) -> Iterator[None]:
    """Answer as SageMaker until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, answer = 200, domains.answer(operation, request)
            except ValueError as err:
                status, answer = 400, {"__type": "ValidationException", "message": str(err)}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def put(account: Account, call: str = "create_stack", **given: str) -> dict[str, Any]:
    """Create or update the stack, wait for its end, and return it."""
    template = json.loads(json.dumps(known.template()))
    del template["Resources"]["Portfolio"], template["Outputs"]["PortfolioId"]
    client = account.client("cloudformation")
    values = {**GIVEN, **given}
    getattr(client, call)(
        StackName=STACK,
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": one} for key, one in values.items()],
    )
    return ended(account)


def ended(account: Account) -> dict[str, Any]:
    """Return the stack once nothing happens to it; no stack has the status DELETE_COMPLETE."""
    client = account.client("cloudformation")
    for _ in range(600):
        try:
            (stack,) = client.describe_stacks(StackName=STACK)["Stacks"]
        except ClientError:
            return {"StackStatus": "DELETE_COMPLETE"}
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            found: dict[str, Any] = stack
            return found
        time.sleep(0.1)
    raise AssertionError(f"{STACK} does not end")


def reasons(account: Account) -> str:
    events = account.client("cloudformation").describe_stack_events(StackName=STACK)
    return " ".join(str(one.get("ResourceStatusReason")) for one in events["StackEvents"])


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


def test_stack_is_what_studio_and_the_publisher_need(account: Account) -> None:
    stack = put(account)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(account)
    made = outputs(stack)
    assert made["LaunchRoleArn"] == known.LAUNCH
    assert made["BoundaryArn"] == known.BOUNDARY
    assert made["TemplatesLocation"] == f"s3://{made['TemplateBucket']}/templates/"
    s3, bucket = account.client("s3"), {"Bucket": made["TemplateBucket"]}
    (cors,) = s3.get_bucket_cors(**bucket)["CORSRules"]
    expected = {key.replace("ExposedHeaders", "ExposeHeaders"): one for key, one in CORS.items()}
    assert {key: sorted(one) for key, one in cors.items() if key in expected} == {
        key: sorted(one) for key, one in expected.items()
    }
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    policy = json.loads(s3.get_bucket_policy(**bucket)["Policy"])
    readers = [one["Principal"]["AWS"] for one in policy["Statement"] if one["Effect"] == "Allow"]
    assert readers == [GIVEN["ReaderAccounts"].split(",")] * 2
    iam = account.client("iam")
    attached = iam.list_attached_role_policies(RoleName="sagemaker-projects-launch")
    assert len(attached["AttachedPolicies"]) == 4
    trust = iam.get_role(RoleName="sagemaker-projects-launch")["Role"]["AssumeRolePolicyDocument"]
    services = [one["Principal"].get("Service") for one in trust["Statement"]]
    assert services == ["cloudformation.amazonaws.com", None]
    arns = [made["BoundaryArn"], made["StudioPolicyArn"]]
    for arn in [*arns, *(one["PolicyArn"] for one in attached["AttachedPolicies"])]:
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
        text = json.dumps(found["Document"])
        assert "Fn::" not in text
        assert '"Ref"' not in text


def test_domain_is_tagged_moved_and_left_alone(account: Account) -> None:
    """The domain changes, then others change its tag, then the stack is deleted."""
    domains = Domains({"d-one": {"team": "ml"}, "d-two": {}})
    with serving(account.sagemaker_port, domains):
        stack = put(account, DomainId="d-one")
        assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(account)
        place = outputs(stack)["TemplatesLocation"]
        assert domains.tags == {"d-one": {"team": "ml", TAG: place}, "d-two": {}}
        stack = put(account, "update_stack", DomainId="d-two")
        assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(account)
        assert domains.tags == {"d-one": {"team": "ml"}, "d-two": {TAG: place}}
        domains.tags["d-two"][TAG] = "s3://others/"
        account.client("cloudformation").delete_stack(StackName=STACK)
        assert ended(account)["StackStatus"] == "DELETE_COMPLETE"
        assert domains.tags["d-two"] == {TAG: "s3://others/"}


def test_domain_with_the_tag_of_others_is_refused_with_a_reason(account: Account) -> None:
    domains = Domains({"d-one": {TAG: "s3://others/"}})
    with serving(account.sagemaker_port, domains):
        stack = put(account, DomainId="d-one")
        assert stack["StackStatus"] in ("ROLLBACK_COMPLETE", "CREATE_FAILED")
        assert "s3://others/" in reasons(account)
    assert domains.tags == {"d-one": {TAG: "s3://others/"}}


def test_stack_does_not_wait_where_sagemaker_refuses(account: Account) -> None:
    domains = Domains({"d-one": {}})
    domains.refused = True
    with serving(account.sagemaker_port, domains):
        stack = put(account, DomainId="d-one")
        assert stack["StackStatus"] in ("ROLLBACK_COMPLETE", "CREATE_FAILED")
        assert "you may not" in reasons(account)
