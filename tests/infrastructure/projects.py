"""What a data scientist does with projects of Studio in an account: create, update, delete.

SageMaker's part of it is done here as AWS documents it: it passes name and id to the template,
tags the stack, and has CloudFormation make it with the launch role
(docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-projects-templates-custom.html).
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore import xform_name

from tests.baking import ROOT
from tests.infrastructure.account import NUMBER, Account, eventually
from tests.servers import REGION

PAGE = ROOT / "docs/studio.md"
CONNECTION = "0a1b2c3d-0000-4444-8888-0123456789ab"
ON_GITHUB = {
    "SourceControl": "github",
    "ConnectionArn": f"arn:aws:codeconnections:{REGION}:{NUMBER}:connection/{CONNECTION}",
    "Repository": "org/houses",
}
_EVENTS = "describe_stack_events"
_SAMPLE = "input/data/training/part-0.csv"


@dataclass(frozen=True)
class Stack:
    """A stack as it stands.

    Attributes:
        name: What it is called.
        status: Its status.
        reasons: Of resources that failed, by logical id.
        outputs: What it says.
        resources: Logical id → type and physical id.
    """

    name: str
    status: str
    reasons: Mapping[str, str]
    outputs: Mapping[str, str]
    resources: Mapping[str, tuple[str, str]]


class Projects:
    """Projects of Studio in an account.

    Args:
        account: The account.
        home: Of its server, which has the git hosts' repositories in `git`.
        bucket: In which Studio finds its template.
        launch_role: ARN of the role with which CloudFormation makes them.
    """

    def __init__(self, account: Account, home: Path, bucket: str, launch_role: str) -> None:
        self.account, self.git = account, home / "git"
        self._bucket, self._launch_role = bucket, launch_role
        self._cloudformation = account.client("cloudformation")

    def create(self, name: str, identifier: str, **answers: str) -> Stack:
        """Create a project as Studio does, and return its stack once it is settled."""
        own = {"sagemaker:project-name": name, "sagemaker:project-id": identifier}
        self._cloudformation.create_stack(
            **self._request(name, identifier, answers),
            RoleARN=self._launch_role,
            Tags=[{"Key": key, "Value": value} for key, value in own.items()],
        )
        return settled(self._cloudformation, f"SP-{name}-{identifier}")

    def update(self, name: str, identifier: str, **answers: str) -> Stack:
        """Update a project to the template that is published now."""
        self._cloudformation.update_stack(**self._request(name, identifier, answers))
        return settled(self._cloudformation, f"SP-{name}-{identifier}")

    def delete(self, stack: Stack) -> set[str]:
        """Delete a project's stack; return the logical ids of what stays."""
        (found,) = self._cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
        self._cloudformation.delete_stack(StackName=stack.name)
        ended = settled(self._cloudformation, found["StackId"])
        assert ended.status == "DELETE_COMPLETE", ended.reasons
        happened = events(self._cloudformation, found["StackId"])
        return {name for name, status, _ in happened if status == "DELETE_SKIPPED"}

    def completed(self, stack: Stack) -> list[str]:
        """Return the logical ids of what was made, the first one first."""
        happened = events(self._cloudformation, stack.name)
        return [name for name, status, _ in reversed(happened) if status == "CREATE_COMPLETE"]

    def codecommit(self, name: str, identifier: str) -> Path:
        """Return the folder of a project's repository on CodeCommit."""
        return self.git / f"codecommit/sagemaker-{name}-{identifier}"

    def on_github(self, name: str) -> Path:
        """Make an empty repository on GitHub, where the connection reaches it."""
        folder = self.git / f"connections/{NUMBER}/{REGION}/{CONNECTION}/{name}.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
        return folder

    def sample(self, bucket: str) -> bytes:
        """Return what the seed has put into the lake."""
        body = self.account.client("s3").get_object(Bucket=bucket, Key=_SAMPLE)["Body"]
        content: bytes = body.read()
        return content

    def aws(self, command: str) -> None:
        """Do what a command of AWS's command line does."""
        _, service, operation, *words = shlex.split(command)
        client = self.account.client(service)
        name = next(each for each in client.meta.service_model.operation_names
                    if xform_name(each, "-") == operation)  # fmt: skip
        members = client.meta.service_model.operation_model(name).input_shape.members
        options = {f"--{xform_name(each, '-')}": each for each in members}
        request: dict[str, Any] = {}
        while words:
            option = options[words.pop(0)]
            valued = bool(words) and not words[0].startswith("--")
            request[option] = words.pop(0) if valued else True
        getattr(client, xform_name(name))(**request)

    def _request(self, name: str, identifier: str, answers: Mapping[str, str]) -> dict[str, Any]:
        own = {"SageMakerProjectName": name, "SageMakerProjectId": identifier}
        return {
            "StackName": f"SP-{name}-{identifier}",
            "TemplateURL": self._template(),
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "Parameters": pairs({**own, **answers}),
        }

    def _template(self) -> str:
        """Return the address of the one template that Studio would show."""
        bucket, s3 = self._bucket, self.account.client("s3")
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="templates/")["Contents"]
        (key,) = (entry["Key"] for entry in listed)
        tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        assert {"Key": "sagemaker:studio-visibility", "Value": "true"} in tags
        return f"{self.account.environment['AWS_ENDPOINT_URL']}/{bucket}/{key}"


def settled(cloudformation: Any, name: str) -> Stack:
    """Return a stack once nothing happens to it any more."""

    def found() -> Any:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

    stack = eventually(found, seconds=600)
    listed = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
    happened = events(cloudformation, name)
    return Stack(
        name,
        stack["StackStatus"],
        {each: reason for each, status, reason in happened if "FAILED" in status},
        {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])},
        {
            each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"])
            for each in listed
        },
    )


def events(cloudformation: Any, name: str) -> list[tuple[str, str, str]]:
    """Return logical id, status and reason of what happened to a stack, the newest first."""
    pages, reason = cloudformation.get_paginator(_EVENTS), "ResourceStatusReason"
    return [
        (event["LogicalResourceId"], event["ResourceStatus"], event.get(reason, ""))
        for page in pages.paginate(StackName=name)
        for event in page["StackEvents"]
    ]


def succeeded(stack: Stack, status: str = "CREATE_COMPLETE") -> Stack:
    """Accept a stack that is as it must be."""
    assert stack.status == status, (stack.status, stack.reasons)
    return stack


def documented(heading: str) -> list[str]:
    """Return the commands of AWS's command line below a heading of docs/studio.md."""
    text = PAGE.read_text(encoding="utf-8").replace("\\\n", " ")
    section = re.split(r"^#+ ", text.partition(f"# {heading}\n")[2], flags=re.MULTILINE)[0]
    found = re.findall(r"^ {4}(aws .+)$", section, flags=re.MULTILINE)
    assert found, heading
    return found


def pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
