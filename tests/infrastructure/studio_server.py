"""`server.py` with what a project of SageMaker Studio needs besides.

- CodeBuild executes the buildspec of a project whose source is an archive in a bucket. Addresses
  of git hosts stand for bare repositories in the folder `git` of the server's home.
- A CodeCommit repository of a stack is such a repository.
- Types that ministack does not know are noted, and do nothing: `NOTED`.
- A stack cannot make what is there already under that name, as on AWS.

It runs in the server's own environment: `python studio_server.py`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

from ministack.app import main
from ministack.services import (
    cloudwatch_logs,
    codebuild,
    dynamodb,
    ecr,
    eventbridge,
    iam,
    kms,
    lambda_svc,
    sns,
    sqs,
)
from ministack.services.cloudformation import provisioners

GIT = Path(os.environ["HOME"]) / "git"
# Type → property with its name, and further attributes that Fn::GetAtt asks for.
NOTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "AWS::CodePipeline::Pipeline": ("Name", ()),
    "AWS::SageMaker::CodeRepository": ("CodeRepositoryName", ("CodeRepositoryName",)),
    "AWS::SageMaker::ModelPackageGroup": ("ModelPackageGroupName", ("ModelPackageGroupArn",)),
}
# Type → property with its name, and what is there by name, ARN or path.
TAKEN: dict[str, tuple[str, Any]] = {
    "AWS::DynamoDB::Table": ("TableName", dynamodb._tables),
    "AWS::ECR::Repository": ("RepositoryName", ecr._repositories),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", iam._policies),
    "AWS::IAM::Role": ("RoleName", iam._roles),
    "AWS::KMS::Alias": ("AliasName", kms._aliases),
    "AWS::Lambda::Function": ("FunctionName", lambda_svc._functions),
    "AWS::Logs::LogGroup": ("LogGroupName", cloudwatch_logs._log_groups),
    "AWS::SNS::Topic": ("TopicName", sns._topics),
    "AWS::SQS::Queue": ("QueueName", sqs._queue_name_to_url),
    **{kind: (name, {}) for kind, (name, _) in NOTED.items()},
}
Handlers = dict[str, Any]


def noted(kind: str) -> Handlers:
    """Return handlers that give a resource its name and do nothing else."""
    name, attributes = NOTED[kind]
    there = TAKEN[kind][1]

    def create(logical: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        made = str(properties.get(name) or f"{stack}-{logical}-{uuid4().hex[:12]}")
        there[made] = properties
        return made, dict.fromkeys(attributes, made)

    def update(
        identifier: str, _: dict[str, Any], properties: dict[str, Any], stack: str
    ) -> tuple[str, dict[str, str]]:
        return identifier, dict.fromkeys(attributes, identifier)

    def delete(identifier: str, properties: dict[str, Any]) -> None:
        there.pop(identifier, None)

    return {"create": create, "update": update, "delete": delete}


def create_repository(
    logical: str, properties: dict[str, Any], stack: str
) -> tuple[str, dict[str, str]]:
    """Make a bare repository for one of CodeCommit's."""
    name = properties["RepositoryName"]
    folder = GIT / "codecommit" / name
    if folder.exists():
        raise ValueError(f"{name} already exists")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    region = os.environ["MINISTACK_REGION"]
    arn = f"arn:aws:codecommit:{region}:{os.environ['MINISTACK_ACCOUNT_ID']}:{name}"
    address = f"https://git-codecommit.{region}.amazonaws.com/v1/repos/{name}"
    return str(uuid4()), {"Arn": arn, "Name": name, "CloneUrlHttp": address}


def delete_repository(identifier: str, properties: dict[str, Any]) -> None:
    """Remove what `create_repository` made."""
    subprocess.run(["rm", "-rf", GIT / "codecommit" / properties["RepositoryName"]], check=True)


def alone(kind: str, handlers: Handlers) -> Handlers:
    """Return handlers that refuse to create what is there under that name."""
    name, there = TAKEN[kind]
    make = handlers["create"]

    def create(logical: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        wanted = properties.get(name)
        if wanted and any(
            key == wanted or key.endswith((f"/{wanted}", f":{wanted}")) for key in there
        ):
            raise ValueError(f"Resource of type '{kind}' with identifier '{wanted}' already exists")
        made: tuple[str, dict[str, str]] = make(logical, properties, stack)
        return made

    return handlers | {"create": create}


def extend() -> None:
    """Give the server what it lacks."""
    known = provisioners._RESOURCE_HANDLERS
    known.update({kind: noted(kind) for kind in NOTED})
    known["AWS::CodeCommit::Repository"] = {
        "create": create_repository,
        "update": lambda identifier, _, properties, stack: (identifier, {}),
        "delete": delete_repository,
    }
    known.update({kind: alone(kind, known[kind]) for kind in TAKEN})
    start: Callable[[dict[str, Any]], Any] = codebuild._start_build
    codebuild._start_build = import_module("building").executing(start, GIT)


if __name__ == "__main__":
    extend()
    eventbridge._put_events = import_module("server").put_events
    main()
