"""The Model Registry on AWS: the versions of one model package group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.aws.errors import code_of, explained
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator


class ModelPackages:
    """The model packages of one group, as `DescribeModelPackage` tells of them.

    Args:
        client: A boto3 client of the service `sagemaker`.
        group: Name of the group.
    """

    def __init__(self, client: Any, group: str) -> None:
        self._client = client
        self.group = group

    def all(self) -> list[dict[str, Any]]:
        """Return them, oldest version first; none if there is no such group yet.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        return [self._describe(entry["ModelPackageArn"]) for entry in self._summaries()]

    def newest_approved(self) -> str | None:
        """Return the ARN of the newest version that is approved; None if none is.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        approved = [
            each for each in self._summaries() if each.get("ModelApprovalStatus") == "Approved"
        ]
        return str(approved[-1]["ModelPackageArn"]) if approved else None

    def find(self, version: int) -> dict[str, Any]:
        """Return one of them.

        Raises:
            UserError: The group has no such version, or AWS refuses.
        """
        return self._describe(self._arn(version))

    def decide(self, version: int, status: str, stage: str) -> None:
        """Set the approval status of a version, and the stage of its life that this is about.

        Raises:
            UserError: The group has no such version, or AWS refuses.
        """
        arn = self._arn(version)
        with explained("SageMaker", f"UpdateModelPackage {self.group}/{version}"):
            self._client.update_model_package(
                ModelPackageArn=arn,
                ModelApprovalStatus=status,
                ModelLifeCycle={"Stage": stage, "StageStatus": status},
            )

    def _arn(self, version: int) -> str:
        known = {entry["ModelPackageVersion"]: entry for entry in self._summaries()}
        if version not in known:
            msg = f"{self.group} has no version {version}."
            remedy = f"It has {', '.join(map(str, known))}." if known else "It has none."
            raise UserError(msg, remedy)
        return str(known[version]["ModelPackageArn"])

    def _summaries(self) -> list[dict[str, Any]]:
        with explained("SageMaker", f"ListModelPackages of {self.group}"):
            return list(self._listed())

    def _listed(self) -> Iterator[dict[str, Any]]:
        from botocore.exceptions import ClientError

        pages = self._client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self.group, SortBy="CreationTime", SortOrder="Ascending"
        )
        try:
            for page in pages:
                yield from page["ModelPackageSummaryList"]
        except ClientError as err:
            # SageMaker has several words for what does not exist.
            if code_of(err) != "ResourceNotFound" and "does not exist" not in str(err):
                raise

    def _describe(self, arn: str) -> dict[str, Any]:
        with explained("SageMaker", "DescribeModelPackage"):
            return dict(self._client.describe_model_package(ModelPackageName=arn))


def groups_of(client: Any, common: str) -> list[str]:
    """Return the groups of a project: the common one and those of its other models.

    Args:
        client: A boto3 client of the service `sagemaker`.
        common: Name of the common one, with which the others' names begin.

    Raises:
        UserError: AWS refuses, or cannot be reached.
    """
    with explained("SageMaker", "ListModelPackageGroups"):
        paginator = client.get_paginator("list_model_package_groups")
        pages = list(paginator.paginate(NameContains=common))
    groups = [entry for page in pages for entry in page["ModelPackageGroupSummaryList"]]
    return [str(group["ModelPackageGroupName"]) for group in groups]
