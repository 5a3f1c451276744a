"""The account that a local AWS server keeps, and the stacks that are deployed there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.exceptions import ClientError

from sagetabular.infrastructure.inlining import inline
from sagetabular.infrastructure.templates import parse_template
from tests.baking import ROOT, TEMPLATE
from tests.servers import REGION, LocalAccount, free_port, serving

NUMBER = "123456789012"
PROJECT, STAGE = "housing-prices", "dev"
TEMPLATES = ROOT / TEMPLATE / "infrastructure"
# Bytes: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_LONGEST_TEMPLATE = 51_200
_Answer = TypeVar("_Answer")


class Account(LocalAccount):
    """An account on this machine.

    Args:
        port: Where everything but SageMaker listens.
        sagemaker: Where SageMaker listens, if the test starts one.

    Attributes:
        sagemaker_port: Where SageMaker listens.
        outputs: Of all stacks that were deployed; they are parameters of the next.
    """

    def __init__(self, port: int, sagemaker: int) -> None:
        super().__init__(port)
        self.sagemaker_port = sagemaker
        self.outputs: dict[str, str] = {}
        self.environment |= {
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL_SAGEMAKER": f"http://127.0.0.1:{sagemaker}",
        }

    def client(self, service: str) -> Any:
        """Return a client of one of its services."""
        if service != "sagemaker":
            return super().client(service)
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.environment["AWS_ENDPOINT_URL_SAGEMAKER"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )


@contextmanager
def account_in(home: Path, programs: Path, server: Path) -> Iterator[Account]:
    """Serve an empty account until the block ends.

    Args:
        home: Of the server; it is made.
        programs: Folder of its environment's programs.
        server: What is run there.
    """
    account = Account(free_port(), free_port())
    home.mkdir()
    variables = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "TMPDIR": str(home),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": account.environment["AWS_ENDPOINT_URL"].rpartition(":")[2],
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": NUMBER,
        **account.environment,
    }
    command = [str(programs / "python"), str(server)]
    with serving(command, lambda: account.client("sts").get_caller_identity(), variables):
        yield account


def stack_name(concern: str, project: str = PROJECT, stage: str = STAGE) -> str:
    """Return what the stack of a concern is called."""
    return f"sagemaker-{project}-{stage}-{concern}"


def template_text(concern: str, columns: list[dict[str, Any]] | None = None) -> str:
    """Return a template as it is deployed: the Lambdas' code and the table's columns inside."""
    text = (TEMPLATES / f"{concern}.yaml").read_text(encoding="utf-8")
    return inline(text, f"infrastructure/{concern}.yaml", columns or [])


def deploy(account: Account, concern: str, **parameters: Any) -> dict[str, str]:
    """Create or update the stack of a concern, if there is something to do; return its outputs.

    Parameters without a value here are outputs of the stacks before, or what a test project has;
    a role that no stack made is a made-up one.

    Args:
        account: Where.
        concern: Name of the template, without its ending.
        parameters: Values of the template's parameters; `columns` are those of Glue's table.
    """
    text = template_text(concern, parameters.pop("columns", None))
    declared = parse_template(text, concern)["Parameters"]
    values = {**_defaults(declared), **_known(account, declared), **parameters}
    request = {
        "StackName": stack_name(concern),
        **_template(account, concern, text),
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": str(value)} for key, value in values.items()
        ],
    }
    outputs = _put(account.client("cloudformation"), request)
    account.outputs |= outputs
    return outputs


def _template(account: Account, concern: str, text: str) -> dict[str, str]:
    """Return a template as part of a request; one that is too long for that lies in a bucket."""
    if len(text.encode()) <= _LONGEST_TEMPLATE:
        return {"TemplateBody": text}
    s3, place = account.client("s3"), {"Bucket": "templates", "Key": f"{concern}.yaml"}
    s3.create_bucket(
        Bucket=place["Bucket"], CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    s3.put_object(**place, Body=text.encode())
    return {"TemplateURL": f"{account.environment['AWS_ENDPOINT_URL']}/templates/{concern}.yaml"}


def _defaults(declared: dict[str, Any]) -> dict[str, str]:
    names = f"{PROJECT}-{STAGE}"
    common = {
        "Project": PROJECT,
        "Stage": STAGE,
        "PipelineName": names,
        "ModelPackageGroup": names,
        "Database": "housing",
        "Table": "california",
    }
    roles = {
        name: f"arn:aws:iam::{NUMBER}:role/{name}"
        for name, entry in declared.items()
        if name.endswith("RoleArn") and "Default" not in entry
    }
    return {**roles, **{name: value for name, value in common.items() if name in declared}}


def _known(account: Account, declared: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in account.outputs.items() if name in declared}


def _put(cloudformation: Any, request: dict[str, Any]) -> dict[str, str]:
    name = request["StackName"]
    try:
        cloudformation.describe_stacks(StackName=name)
    except ClientError:
        cloudformation.create_stack(**request)
    else:
        _update(cloudformation, request)
    stack = eventually(lambda: _settled(cloudformation, name))
    if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [
            f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
            for event in events
            if "FAILED" in event["ResourceStatus"] and event.get("ResourceStatusReason")
        ]
        raise AssertionError("\n".join([f"{name}: {stack['StackStatus']}", *reasons]))
    return {entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", [])}


def _update(cloudformation: Any, request: dict[str, Any]) -> None:
    try:
        cloudformation.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise


def _settled(cloudformation: Any, name: str) -> Any:
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    return stack if not stack["StackStatus"].endswith("_IN_PROGRESS") else None


def eventually(look: Callable[[], _Answer], seconds: float = 60) -> _Answer:
    """Return what a function returns once that is true.

    Raises:
        AssertionError: It is not for so long.
    """
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"still {found!r} after {seconds} s"
        time.sleep(0.1)
    return found
