"""Amazon ECR: repositories whose tags cannot be moved, and pushes that end in a digest."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.aws.errors import explained
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.aws.images.building import Image
    from sagetabular.aws.images.engines import Engine


@dataclass(frozen=True)
class Pushed:
    """Place of an image: `address` ends in its digest, so it means these bytes for ever."""

    address: str
    was_there: bool


class Registry:
    """An account's registry in one region.

    Args:
        client: A boto3 client of the service `ecr`.
        tags: For the repositories; other tags that they have stay.
    """

    def __init__(self, client: Any, tags: Mapping[str, str]) -> None:
        self._client = client
        self._tags = [{"Key": key, "Value": value} for key, value in tags.items()]

    def push(self, image: Image, engine: Engine) -> Pushed:
        """Push an image under its tag, unless the registry has the tag already.

        Raises:
            UserError: AWS refuses, cannot be reached, or the engine fails.
        """
        repository = self._repository(image.repository)
        found = self._digest(image)
        if found is None:
            self._login(engine)
            remote = f"{repository}:{image.tag}"
            engine.run("tag", image.name, remote)
            engine.run("push", remote)
        digest = found or self._digest(image)
        if digest is None:
            msg = f"{repository} must hold the tag {image.tag} after the push, got none."
            raise UserError(msg, "Push again; if it stays so, look at the repository in ECR.")
        return Pushed(f"{repository}@{digest}", was_there=found is not None)

    def _repository(self, name: str) -> str:
        """Return a repository's address; make it if it is not there."""
        with explained("ECR", "DescribeRepositories"):
            try:
                answer = self._client.describe_repositories(repositoryNames=[name])
            except self._client.exceptions.RepositoryNotFoundException:
                return self._create(name)
        found = answer["repositories"][0]
        if self._tags:
            self._add_tags(found["repositoryArn"])
        return str(found["repositoryUri"])

    def _add_tags(self, arn: str) -> None:
        """Give a repository the tags that it lacks, or that have another value."""
        with explained("ECR", "ListTagsForResource"):
            present = self._client.list_tags_for_resource(resourceArn=arn)["tags"]
        lacking = [tag for tag in self._tags if tag not in present]
        if lacking:
            with explained("ECR", "TagResource"):
                self._client.tag_resource(resourceArn=arn, tags=lacking)

    def _create(self, name: str) -> str:
        with explained("ECR", "CreateRepository"):
            answer = self._client.create_repository(
                repositoryName=name,
                imageTagMutability="IMMUTABLE",
                imageScanningConfiguration={"scanOnPush": True},
                tags=self._tags,
            )
        return str(answer["repository"]["repositoryUri"])

    def _digest(self, image: Image) -> str | None:
        with explained("ECR", "DescribeImages"):
            try:
                answer = self._client.describe_images(
                    repositoryName=image.repository, imageIds=[{"imageTag": image.tag}]
                )
            except self._client.exceptions.ImageNotFoundException:
                return None
        return str(answer["imageDetails"][0]["imageDigest"])

    def _login(self, engine: Engine) -> None:
        with explained("ECR", "GetAuthorizationToken"):
            answer = self._client.get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(answer["authorizationToken"]).decode().partition(":")
        engine.login(answer["proxyEndpoint"].removeprefix("https://"), user, password)
