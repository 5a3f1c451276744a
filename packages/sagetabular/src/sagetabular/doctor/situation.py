"""A project in an account, as the checks look at it, and their questions to AWS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sagetabular.aws.deployment import account_value, prefix_of
from sagetabular.aws.errors import code_of, explained
from sagetabular.doctor.findings import CannotTellError
from sagetabular.errors import UserError
from sagetabular.settings.account import is_variable

if TYPE_CHECKING:
    from collections.abc import Collection

    from sagetabular.aws.account import Account
    from sagetabular.aws.deployment import Deployment
    from sagetabular.compiling.compilation import Compiled
    from sagetabular.project import Project

# What a start makes up by itself.
MADE_UP = ("Commit", "QueryUri")


@dataclass(frozen=True)
class Situation:
    """All that a start on AWS would use.

    Attributes:
        project: The project.
        deployment: Where it stands.
        compiled: Its definition.
        account: Whose credentials there are.
    """

    project: Project
    deployment: Deployment
    compiled: Compiled
    account: Account

    @cached_property
    def definition(self) -> dict[str, Any]:
        """The definition's document."""
        document: dict[str, Any] = json.loads(self.compiled.definition)
        return document

    @cached_property
    def unset(self) -> dict[str, UserError]:
        """Parameters that the account should have a value for and has none, with the reason."""
        return {name: value for name, value in self._found.items() if isinstance(value, UserError)}

    @cached_property
    def values(self) -> dict[str, Any]:
        """Parameter → value, of those that have one."""
        return {name: value for name, value in self._found.items() if name not in self.unset}

    @cached_property
    def _found(self) -> dict[str, Any]:
        entries = [one for one in self.definition["Parameters"] if one["Name"] not in MADE_UP]
        return {entry["Name"]: self._value(entry) for entry in entries}

    def _value(self, entry: dict[str, Any]) -> Any:
        if entry["Name"] not in self.deployment.given and "DefaultValue" in entry:
            return entry["DefaultValue"]
        try:
            return account_value(self.project, self.deployment, entry["Name"])
        except UserError as refusal:
            return refusal

    def need(self, parameter: str) -> str:
        """Return the value of a parameter that a check cannot do without.

        Raises:
            CannotTellError: There is none.
        """
        if parameter in self.values:
            return str(self.values[parameter])
        raise CannotTellError(f"{parameter} is not set, so nothing was asked.", "Set it first.")

    @property
    def prefix(self) -> str:
        """The beginning of the keys of all objects."""
        return prefix_of(self.project, self.deployment)

    def ids(self, prefix: str) -> list[str]:
        """Return the ids of `conf/aws.yaml` whose parameters begin so, in their order.

        Raises:
            CannotTellError: One is a variable that is not set.
        """
        given = self.project.settings.aws.ids.items()
        own = [(name, value) for name, value in given if name.startswith(prefix)]
        return [self.need(name) if is_variable(value) else value for name, value in own]

    @cached_property
    def role(self) -> dict[str, Any] | None:
        """IAM's description of the role of pipeline and jobs; None if there is no such role.

        Raises:
            UserError: IAM refuses, or there is no value.
        """
        name = self.need("RoleArn").rpartition("/")[2]
        answer = ask(self.account.client("iam"), "get_role", ("NoSuchEntity",), RoleName=name)
        return answer and dict(answer["Role"])

    def arn(self, service: str, resource: str, *, everywhere: bool = False) -> str:
        """Return the ARN of a resource in this account; of S3, `everywhere` is the place."""
        partition = self.account.identity.arn.split(":")[1]
        place = ":" if everywhere else f"{self.account.region}:{self.account.identity.account}"
        return f"arn:{partition}:{service}:{place}:{resource}"


def ask(
    client: Any, operation: str, absent: Collection[str] = (), **request: Any
) -> dict[str, Any] | None:
    """Ask one question.

    Args:
        client: A boto3 client.
        operation: Its method.
        absent: Codes of refusals that mean that something does not exist.
        request: What is asked.

    Returns:
        The answer; None where AWS says that it does not exist.

    Raises:
        UserError: AWS refuses otherwise, or cannot be reached.
    """
    from botocore.exceptions import ClientError

    with explained(*_names(client, operation)):
        try:
            return dict(getattr(client, operation)(**request))
        except ClientError as err:
            if code_of(err) in absent:
                return None
            raise


def ask_all(client: Any, operation: str, member: str, **request: Any) -> list[Any]:
    """Ask a question whose answer comes in pages; returns the entries of all.

    Args:
        client: A boto3 client.
        operation: Its method.
        member: Where an answer has its entries.
        request: What is asked.

    Raises:
        UserError: AWS refuses, or cannot be reached.
    """
    with explained(*_names(client, operation)):
        pages = client.get_paginator(operation).paginate(**request)
        return [entry for page in pages for entry in page.get(member, [])]


def _names(client: Any, operation: str) -> tuple[str, str]:
    """Return service and action as AWS spells them."""
    return client.meta.service_model.service_id, client.meta.method_to_api_mapping[operation]
