"""The account that a release is published in, and its stack of the organisation."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sagetabular.aws.errors import code_of, explained
from sagetabular.errors import UserError
from sagetabular.infrastructure.stacking.calls import Stacks

if TYPE_CHECKING:
    from collections.abc import Iterator

STACK = "sagemaker-projects"
_DENIED = ("403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled", "Forbidden")
# As AWS spells them.
_SERVICES = {
    "cloudformation": "CloudFormation", "codebuild": "CodeBuild", "s3": "S3",
    "servicecatalog": "Service Catalog", "sts": "STS",
}  # fmt: skip
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_DEPLOY = "Deploy studio/organisation.yaml, as docs/studio.md says, or name its stack by --stack."


@contextmanager
def asked(action: str, resource: str) -> Iterator[None]:
    """Turn botocore's errors into two lines that name the action and the resource.

    Args:
        action: As IAM spells it, such as `s3:PutObject`.
        resource: Its ARN, or what else a reader knows it by.

    Raises:
        UserError: Instead of botocore's errors.
    """
    service, _, call = action.partition(":")
    try:
        with explained(_SERVICES.get(service, service), f"{call} of {resource}"):
            yield
    except UserError as err:
        if err.__cause__ is None:
            raise
        raise _explained(err, action, resource) from err.__cause__


def _explained(error: UserError, action: str, resource: str) -> UserError:
    """Return an error whose remedy is for who publishes, where it is for who runs pipelines."""
    code = code_of(error.__cause__)
    if code in _DENIED:
        words = error.message.partition(f"{code}: ")[2]
        return UserError(
            f"AWS denies {action} on {resource}: {words or code}",
            f"Allow {action} on it, or sign in as somebody who may (--profile).",
        )
    if "conf/aws.yaml" in error.remedy:
        return UserError(error.message, "Check the network, and --region.")
    if "doctor" in error.remedy:
        return UserError(error.message, "Check --profile and --region, and what AWS names.")
    return error


def region_of(text: str) -> str:
    """Return a Region as AWS names them.

    Raises:
        UserError: It is none.
    """
    if not _REGION.fullmatch(text):
        msg = f"The Region must be like eu-west-1, got {text!r}."
        raise UserError(msg, "Correct --region, AWS_REGION, or the profile.")
    return text


@dataclass(frozen=True)
class Organisation:
    """What the organisation's stack made.

    Attributes:
        bucket: For templates and bundles.
        launch_role: ARN of the role that creates projects.
        boundary: ARN of the policy that bounds roles of projects.
        portfolio: Of Service Catalog; empty if there is none.
        studio_roles: ARNs of the roles of Studio that may create projects.
    """

    bucket: str
    launch_role: str
    boundary: str
    portfolio: str = ""
    studio_roles: tuple[str, ...] = ()


class Publisher:
    """Who publishes, and where.

    Args:
        profile: Of AWS's configuration; the environment decides if None.
        region: The same.

    Raises:
        UserError: There is no such profile, or no region, or none that AWS could have.
    """

    def __init__(self, profile: str | None, region: str | None) -> None:
        import boto3

        # boto3 knows AWS_DEFAULT_REGION alone; shells on AWS set this one.
        region = region or os.environ.get("AWS_REGION") or None
        with asked("sts:GetCallerIdentity", "these credentials"):
            self._session = boto3.Session(profile_name=profile, region_name=region)
        if not self._session.region_name:
            raise UserError(
                "A release is published in one Region, and none is given.",
                "Add --region, such as --region eu-west-1, or set AWS_REGION.",
            )
        self.region: str = region_of(self._session.region_name)

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service.

        Raises:
            UserError: AWS's configuration is broken.
        """
        from botocore.config import Config

        # The first question of all: without a network its error comes in a second.
        attempts = 2 if service == "sts" else 5
        with asked(f"{service}:client", "these credentials"):
            config = Config(retries={"total_max_attempts": attempts, "mode": "standard"})
            return self._session.client(service, config=config)

    @cached_property
    def identity(self) -> tuple[str, str]:
        """Number of the account, and ARN of the caller.

        Raises:
            UserError: There are no credentials, or they are not valid.
        """
        with asked("sts:GetCallerIdentity", "these credentials"):
            answer = self.client("sts").get_caller_identity()
        return str(answer["Account"]), str(answer["Arn"])

    @property
    def number(self) -> str:
        """Of the account."""
        return self.identity[0]

    @property
    def partition(self) -> str:
        """Such as `aws`, as the caller's ARN has it."""
        return self.identity[1].split(":")[1]

    def organisation(self, stack: str) -> Organisation:
        """Return what the organisation's stack made.

        Args:
            stack: Its name.

        Raises:
            UserError: There is none, it does not stand, or it is another one.
        """
        resource = f"stack {stack} in {self.region} of account {self.number}"
        with asked("cloudformation:DescribeStacks", resource):
            found = Stacks(self.client("cloudformation"), lambda _: None).find(stack)
        if found is None or not found.stands:
            state = "there is none" if found is None else f"it is {found.status}"
            msg = f"The organisation's stack must stand: {resource}, and {state}."
            raise UserError(msg, _DEPLOY)
        names = ("TemplateBucket", "LaunchRoleArn", "BoundaryArn")
        if lacking := [name for name in names if not found.outputs.get(name)]:
            msg = f"Stack {stack} must be that of studio/organisation.yaml, and has no output "
            raise UserError(f"{msg}{', '.join(lacking)}.", _DEPLOY)
        return Organisation(
            bucket=found.outputs["TemplateBucket"],
            launch_role=found.outputs["LaunchRoleArn"],
            boundary=found.outputs["BoundaryArn"],
            portfolio=found.outputs.get("PortfolioId", ""),
            studio_roles=tuple(filter(None, found.outputs.get("StudioRoleArns", "").split(","))),
        )
