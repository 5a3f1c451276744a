"""Old executions on AWS: what they alone have in S3, and its removal.

The executions themselves stay listed, as SageMaker removes none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.aws.errors import explained
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sagetabular.aws.sagemaker.executions import Execution, Executions


@dataclass(frozen=True)
class Folder:
    """All objects of an execution.

    Attributes:
        execution: Its identifier.
        bucket: Where they are.
        prefix: What their keys begin with; nobody else writes below it.
        objects: How many there are.
        size: Their bytes.
    """

    execution: str
    bucket: str
    prefix: str
    objects: int
    size: int

    @property
    def uri(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.prefix}"


class Store:
    """The objects of executions.

    Args:
        client: A boto3 client of the service `s3`.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def folder(self, execution: str, bucket: str, prefix: str) -> Folder:
        """Count the objects of an execution.

        Args:
            execution: Its identifier.
            bucket: That it was started with.
            prefix: That it was started with.

        Raises:
            UserError: S3 refuses, or cannot be reached.
        """
        own = f"{prefix}/executions/{execution}/"
        found = [entry for page in self._pages(bucket, own) for entry in page]
        return Folder(execution, bucket, own, len(found), sum(entry["Size"] for entry in found))

    def remove(self, folder: Folder) -> None:
        """Delete the objects of an execution; a bucket with versions keeps these.

        Raises:
            UserError: S3 refuses, or cannot be reached.
        """
        for page in self._pages(folder.bucket, folder.prefix):
            keys = [{"Key": entry["Key"]} for entry in page]
            with explained("S3", f"DeleteObjects in {folder.bucket}"):
                request = {"Objects": keys, "Quiet": True}
                answer = self._client.delete_objects(Bucket=folder.bucket, Delete=request)
            for error in answer.get("Errors", []):
                msg = f"S3 refused DeleteObjects of {error['Key']}: {error['Code']}."
                raise UserError(msg, "Check permissions and locks of the bucket, and clean again.")

    def _pages(self, bucket: str, prefix: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the objects below a prefix, at most a thousand at once."""
        with explained("S3", f"ListBucket of {bucket}"):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=bucket, Prefix=prefix):
                if page.get("Contents"):
                    yield page["Contents"]


def refuse_running(newest_first: Sequence[Execution]) -> None:
    """Refuse to remove anything beside an execution that may take results of any other.

    Raises:
        UserError: One runs.
    """
    for execution in newest_first:
        if execution.runs:
            msg = f"No execution may run while others are removed, got {execution.id} that does."
            remedy = f"Wait for its end, or end it with `pipeline stop {execution.id}`."
            raise UserError(msg, remedy)


def removable(
    executions: Executions, newest_first: Sequence[Execution], keep: int, registered: str
) -> list[Execution]:
    """Return the executions that nobody refers to, oldest first.

    Those stay that a registered version mentions, and those that an execution which stays has taken
    a result from.

    Args:
        executions: Of the pipeline.
        newest_first: All of them.
        keep: How many of the newest stay.
        registered: All that is known of the registered versions, as text.

    Raises:
        UserError: AWS refuses, or cannot be reached.
    """
    needed = [*newest_first[:keep]]
    needed += [each for each in newest_first[keep:] if each.id in registered]
    stay = _with_sources(executions, {each.arn for each in needed})
    return [each for each in reversed(newest_first) if each.arn not in stay]


def _with_sources(executions: Executions, arns: set[str]) -> set[str]:
    """Add the executions that these have taken results from, directly or not."""
    found: set[str] = set()
    waiting = sorted(arns)
    while waiting:
        arn = waiting.pop()
        if arn not in found:
            found.add(arn)
            waiting += {step.reused_from for step in executions.steps(arn)} - {""}
    return found
