"""Pipelines in SageMaker: made once, then changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.aws.errors import code_of, explained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.aws.s3 import Bucket

# Bytes; a longer definition is read from S3 (the SDK draws the line in the same place).
INLINE_LIMIT = 100 * 1024


@dataclass(frozen=True)
class Wanted:
    """A pipeline as it shall be.

    Attributes:
        name: Its name.
        definition: JSON.
        role: ARN of the role that starts the jobs.
        description: For people.
        tags: Its tags; others that it has stay.
    """

    name: str
    definition: bytes
    role: str
    description: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Upserted:
    """A pipeline's ARN, and what became of it: `created`, `updated` or `unchanged`."""

    arn: str
    outcome: str


class Pipelines:
    """The pipelines of an account in one region.

    Args:
        client: A boto3 client of the service `sagemaker`.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def upsert(self, wanted: Wanted, bucket: Bucket, prefix: str) -> Upserted:
        """Make a pipeline, or change what differs; an equal one gets no new version.

        Args:
            wanted: What it shall be.
            bucket: Takes a definition that is too long for a request.
            prefix: Where in the bucket.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        found = self._describe(wanted.name)
        if found is None:
            return self._create(wanted, bucket, prefix)
        arn = str(found["PipelineArn"])
        self._add_tags(arn, wanted.tags)
        if _equal(found, wanted):
            return Upserted(arn, "unchanged")
        with explained("SageMaker", "UpdatePipeline"):
            self._client.update_pipeline(**_request(wanted, bucket, prefix))
        return Upserted(arn, "updated")

    def tags_of(self, arn: str) -> dict[str, str]:
        """Return the tags of a resource, without those that only AWS may set.

        Raises:
            UserError: AWS refuses, or cannot be reached.
        """
        with explained("SageMaker", f"ListTags of {arn}"):
            pages = self._client.get_paginator("list_tags").paginate(ResourceArn=arn)
            tags = [tag for page in pages for tag in page["Tags"]]
        return {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")}

    def _describe(self, name: str) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError

        with explained("SageMaker", "DescribePipeline"):
            try:
                return dict(self._client.describe_pipeline(PipelineName=name))
            except ClientError as err:
                # SageMaker has two words for what does not exist.
                if code_of(err) == "ResourceNotFound" or "Could not find" in str(err):
                    return None
                raise

    def _create(self, wanted: Wanted, bucket: Bucket, prefix: str) -> Upserted:
        request = _request(wanted, bucket, prefix) | {"Tags": _as_list(wanted.tags)}
        with explained("SageMaker", "CreatePipeline"):
            return Upserted(str(self._client.create_pipeline(**request)["PipelineArn"]), "created")

    def _add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        if not tags:
            return
        present = self.tags_of(arn)
        lacking = {key: value for key, value in tags.items() if present.get(key) != value}
        if lacking:
            with explained("SageMaker", "AddTags"):
                self._client.add_tags(ResourceArn=arn, Tags=_as_list(lacking))


def _request(wanted: Wanted, bucket: Bucket, prefix: str) -> dict[str, Any]:
    common = {
        "PipelineName": wanted.name,
        "PipelineDescription": wanted.description,
        "RoleArn": wanted.role,
    }
    if len(wanted.definition) < INLINE_LIMIT:
        return common | {"PipelineDefinition": wanted.definition.decode()}
    digest = hashlib.sha256(wanted.definition).hexdigest()[:20]
    key = f"{prefix}/definitions/{digest}.json"
    bucket.put_missing({key: wanted.definition})
    return common | {"PipelineDefinitionS3Location": {"Bucket": bucket.name, "ObjectKey": key}}


def _equal(found: Mapping[str, Any], wanted: Wanted) -> bool:
    """Compare documents and not texts: the service need not keep blanks and line ends."""
    return (
        found.get("RoleArn") == wanted.role
        and found.get("PipelineDescription") == wanted.description
        and json.loads(found["PipelineDefinition"]) == json.loads(wanted.definition)
    )


def _as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
