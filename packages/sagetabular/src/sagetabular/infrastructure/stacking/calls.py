"""Stacks and change sets of CloudFormation, in the calls that deploying takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.aws.errors import code_of, explained
from sagetabular.aws.waiting import passes
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SERVICE = "CloudFormation"
# Seconds between two looks.
_SHORTEST, _LONGEST, _GROWTH = 0.2, 5.0, 1.5
# How many looks in a row may fail in passing, such as for a network that is away for a minute.
_MOST_MISSES = 20
# What CloudFormation says of a change set that would change nothing.
_NOTHING = ("didn't contain changes", "no updates are to be performed")
# States of a stack that has nothing in it, and must go before one of its name is made.
EMPTY = ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED")
# A change set was made for a stack that there was not, and never executed.
UNBORN = "REVIEW_IN_PROGRESS"


@dataclass(frozen=True)
class Stack:
    """A stack as CloudFormation describes it.

    Attributes:
        name: Its name.
        id: Its ARN, which is found also after it was deleted.
        status: Such as `UPDATE_COMPLETE`.
        reason: For its status, if there is one.
        outputs: Name → value.
        protected: Whether it cannot be deleted.
    """

    name: str
    id: str
    status: str
    reason: str
    outputs: Mapping[str, str]
    protected: bool

    @property
    def moves(self) -> bool:
        """Whether something is being done to it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != UNBORN

    @property
    def stands(self) -> bool:
        """Whether it has resources."""
        return self.status not in (*EMPTY, UNBORN, "DELETE_COMPLETE")

    @property
    def is_well(self) -> bool:
        """Whether what was last asked of it was done."""
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


@dataclass(frozen=True)
class Failure:
    """The first resource that failed, and why."""

    resource: str
    kind: str
    reason: str


@dataclass(frozen=True)
class Resource:
    """A resource of a stack: its logical and its physical id, and its type."""

    resource: str
    name: str
    kind: str


class Stacks:
    """The stacks of an account.

    Args:
        client: A boto3 client of the service `cloudformation`.
        sleep: Waits for some seconds.
    """

    def __init__(self, client: Any, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._sleep = sleep

    def find(self, name: str) -> Stack | None:
        """Return a stack by its name or ARN; None if there is none.

        Raises:
            UserError: CloudFormation refuses, or cannot be reached.
        """
        from botocore.exceptions import ClientError

        with explained(SERVICE, "DescribeStacks"):
            try:
                (found,) = self._client.describe_stacks(StackName=name)["Stacks"]
            except ClientError as err:
                if code_of(err) == "ValidationError" and "does not exist" in str(err):
                    return None
                raise
        return Stack(
            name=found["StackName"],
            id=found.get("StackId", name),
            status=found["StackStatus"],
            reason=found.get("StackStatusReason", ""),
            outputs={
                each["OutputKey"]: each.get("OutputValue", "") for each in found.get("Outputs", [])
            },
            protected=bool(found.get("EnableTerminationProtection")),
        )

    def resources(self, name: str) -> list[Resource]:
        """Return what a stack has.

        Raises:
            UserError: CloudFormation refuses, or cannot be reached.
        """
        with explained(SERVICE, "ListStackResources"):
            pages = self._client.get_paginator("list_stack_resources").paginate(StackName=name)
            return [
                Resource(
                    each["LogicalResourceId"],
                    each.get("PhysicalResourceId", ""),
                    each["ResourceType"],
                )
                for page in pages
                for each in page["StackResourceSummaries"]
                if each["ResourceStatus"] != "DELETE_COMPLETE"
            ]

    def template(self, name: str) -> str:
        """Return the template of a stack, as text.

        Raises:
            UserError: CloudFormation refuses, or cannot be reached.
        """
        with explained(SERVICE, "GetTemplate"):
            answer = self._client.get_template(StackName=name, TemplateStage="Original")
        body = answer["TemplateBody"]
        return body if isinstance(body, str) else json.dumps(body)  # botocore reads JSON itself

    def propose(self, name: str, request: Mapping[str, Any]) -> str | None:
        """Make a change set, and wait until CloudFormation knows what it would do.

        Args:
            name: Of the stack.
            request: Further members of `CreateChangeSet`.

        Returns:
            Its ARN; None if it would change nothing.

        Raises:
            UserError: CloudFormation refuses, or cannot be reached.
        """
        with explained(SERVICE, f"CreateChangeSet of {name}"):
            arn = self._client.create_change_set(StackName=name, **request)["Id"]
        for pause in _pauses():
            with explained(SERVICE, "DescribeChangeSet"):
                found = self._client.describe_change_set(ChangeSetName=arn, StackName=name)
            if found["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                break
            self._sleep(pause)
        if found["Status"] == "CREATE_COMPLETE":
            return str(arn)
        self.discard(name, arn)
        reason = " ".join(found.get("StatusReason", "").split())
        if any(words in reason.lower() for words in _NOTHING):
            return None
        msg = f"{SERVICE} refused what stack {name} should become: {reason or found['Status']}"
        raise UserError(msg, "Correct the template, or the value that it names.")

    def changes(self, name: str, arn: str) -> list[Mapping[str, Any]]:
        """Return the entries of a change set.

        Raises:
            UserError: CloudFormation refuses, or cannot be reached.
        """
        with explained(SERVICE, "DescribeChangeSet"):
            pages = self._client.get_paginator("describe_change_set").paginate(
                ChangeSetName=arn, StackName=name
            )
            return [change for page in pages for change in page.get("Changes", [])]

    def discard(self, name: str, arn: str) -> None:
        """Remove a change set that was not executed.

        Raises:
            UserError: CloudFormation refuses, or cannot be reached.
        """
        with explained(SERVICE, "DeleteChangeSet"):
            self._client.delete_change_set(ChangeSetName=arn, StackName=name)

    def execute(self, name: str, arn: str) -> None:
        """Do what a change set says; it is not waited for.

        If it fails, what it has made goes, whatever the template retains otherwise.

        Raises:
            UserError: CloudFormation refuses, or cannot be reached.
        """
        with explained(SERVICE, f"ExecuteChangeSet of {name}"):
            self._client.execute_change_set(
                ChangeSetName=arn, StackName=name, RetainExceptOnCreate=True
            )

    def delete(self, name: str) -> None:
        """Delete a stack; it is not waited for.

        Raises:
            UserError: CloudFormation refuses, or cannot be reached.
        """
        with explained(SERVICE, f"DeleteStack of {name}"):
            self._client.delete_stack(StackName=name)

    def protect(self, name: str, *, protected: bool) -> None:
        """Say whether a stack may be deleted.

        Raises:
            UserError: CloudFormation refuses, or cannot be reached.
        """
        with explained(SERVICE, "UpdateTerminationProtection"):
            self._client.update_termination_protection(
                StackName=name, EnableTerminationProtection=protected
            )

    def settle(self, identifier: str) -> Stack | None:
        """Wait until nothing is being done to a stack; return it, None if it is gone.

        Args:
            identifier: Its name; its ARN, if it is being deleted.

        Raises:
            UserError: CloudFormation refuses, or cannot be reached.
        """
        misses = 0
        for pause in _pauses():
            try:
                found = self.find(identifier)
            except UserError as refusal:
                misses += 1
                if misses > _MOST_MISSES or not passes(refusal.__cause__):
                    raise
            else:
                misses = 0
                if found is None or found.status == "DELETE_COMPLETE":
                    return None
                if not found.moves:
                    return found
            self._sleep(pause)
        raise AssertionError  # there is no last pause

    def first_failure(self, identifier: str) -> Failure | None:
        """Return the resource that made the last operation on a stack fail.

        Raises:
            UserError: CloudFormation refuses, or cannot be reached.
        """
        failed = None
        with explained(SERVICE, "DescribeStackEvents"):
            pages = self._client.get_paginator("describe_stack_events").paginate(
                StackName=identifier
            )
            for event in (event for page in pages for event in page["StackEvents"]):
                if _begins(event):
                    break
                reason = event.get("ResourceStatusReason", "")
                if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in reason:
                    failed = Failure(event["LogicalResourceId"], event["ResourceType"], reason)
        return failed


def _begins(event: Mapping[str, Any]) -> bool:
    """Return whether with this event the last operation on the stack began."""
    own = event.get("PhysicalResourceId") == event.get("StackId")
    return own and event["ResourceStatus"] in (
        *("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"),
        UNBORN,
    )


def _pauses() -> Iterator[float]:
    pause = _SHORTEST
    while True:
        yield pause
        pause = min(pause * _GROWTH, _LONGEST)
