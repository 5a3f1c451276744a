"""The bucket that Studio looks into: the bundle first, then the template that needs it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sagetabular.aws.errors import code_of
from sagetabular.errors import UserError
from studio.publishing.checks import NAME
from studio.publishing.placing.account import asked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from studio.publishing.bundling.bundle import Bundle
    from studio.publishing.placing.account import Publisher

TEMPLATE_KEY = f"templates/{NAME}.yaml"
# Studio shows objects that have it.
VISIBLE = {"sagemaker:studio-visibility": "true"}
_YAML, _ZIP = "application/yaml", "application/zip"  # RFC 9512 and IANA
_ABSENT = ("404", "NoSuchBucket", "NoSuchKey", "NotFound")


@dataclass(frozen=True)
class Published:
    """A release, and where it lies.

    Attributes:
        release: Its version.
        commit: Full hash.
        bucket: Name of the bucket.
        bundle_key: Of the bundle in it.
        template_key: Of the template in it.
        template_url: Where CloudFormation finds the template.
        launch_role: ARN of the role that creates projects.
    """

    release: str
    commit: str
    bucket: str
    bundle_key: str
    template_key: str
    template_url: str
    launch_role: str


class TemplateBucket:
    """The bucket.

    Args:
        publisher: Who publishes.
        name: Of the bucket.
    """

    def __init__(self, publisher: Publisher, name: str) -> None:
        self._publisher = publisher
        self._client = publisher.client("s3")
        self.name = name
        self._arn = f"arn:{publisher.partition}:s3:::{name}"

    def check(self) -> None:
        """Accept a bucket of this account and region that keeps versions.

        Raises:
            UserError: It is another one, or cannot be looked at.
        """
        region = self._region()
        if region != self._publisher.region:
            msg = f"Bucket {self.name} must be in {self._publisher.region}, and is in {region}."
            raise UserError(msg, f"Publish with --region {region}, or name another bucket.")
        with asked("s3:GetBucketVersioning", self._arn):
            status = self._client.get_bucket_versioning(Bucket=self.name).get("Status")
        if status != "Enabled":
            msg = f"Bucket {self.name} must keep versions of templates, and does not."
            raise UserError(
                msg,
                f"Run `aws s3api put-bucket-versioning --bucket {self.name} "
                "--versioning-configuration Status=Enabled`.",
            )

    def _region(self) -> str:
        """Return the bucket's region.

        Raises:
            UserError: There is no such bucket, or it is somebody else's.
        """
        from botocore.exceptions import ClientError

        number = self._publisher.number
        with asked("s3:ListBucket", self._arn):
            try:
                answer = self._client.head_bucket(Bucket=self.name)
            except ClientError as err:
                if code_of(err) in _ABSENT:
                    msg = f"There is no bucket {self.name}."
                    remedy = "Name the output TemplateBucket of the organisation's stack."
                    raise UserError(msg, remedy) from None
                raise
            try:
                self._client.head_bucket(Bucket=self.name, ExpectedBucketOwner=number)
            except ClientError as err:
                if code_of(err) != "403":
                    raise
                msg = f"Bucket {self.name} must be of account {number}, and is of another one."
                remedy = "Sign in to that account (--profile), or name a bucket of this one."
                raise UserError(msg, remedy) from None
        return str(answer["BucketRegion"])

    def published(self) -> tuple[str, str] | None:
        """Return release and commit of the template that is there; None if there is none.

        Raises:
            UserError: S3 refuses.
        """
        found = self._look(TEMPLATE_KEY)
        if found is None:
            return None
        said = found.get("Metadata", {})
        return said.get("release", ""), said.get("commit", "")

    def put_bundle(self, bundle: Bundle) -> bool:
        """Put the bundle, unless the very same is there; return whether it was put.

        Raises:
            UserError: S3 refuses.
        """
        return self._put(bundle.key, bundle.content, _ZIP, {}, {"release": bundle.version})

    def put_template(self, text: str, release: str, commit: str, key: str = TEMPLATE_KEY) -> bool:
        """Put the template, unless the very same is there; return whether it was put.

        Args:
            text: The template.
            release: Its version.
            commit: Full hash.
            key: Where; what is not at the usual place is not shown in Studio.

        Raises:
            UserError: S3 refuses.
        """
        tags = {**(VISIBLE if key == TEMPLATE_KEY else {}), "release": release}
        said = {"release": release, "commit": commit}
        return self._put(key, text.encode(), _YAML, tags, said)

    def _put(
        self, key: str, body: bytes, kind: str, tags: Mapping[str, str], said: Mapping[str, str]
    ) -> bool:
        checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
        found = self._look(key) or {}
        same = (found.get("ChecksumSHA256"), found.get("ContentType"), found.get("Metadata"))
        if same == (checksum, kind, said) and self._tags(key) == tags:
            return False
        with asked("s3:PutObject", f"{self._arn}/{key}"):
            self._client.put_object(
                Bucket=self.name,
                Key=key,
                Body=body,
                ContentType=kind,
                Metadata=dict(said),
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
                ExpectedBucketOwner=self._publisher.number,
                **({"Tagging": urlencode(tags)} if tags else {}),
            )
        return True

    def _look(self, key: str) -> dict[str, Any] | None:
        """Return what S3 says of an object, the hash that it has computed included."""
        from botocore.exceptions import ClientError

        with asked("s3:GetObject", f"{self._arn}/{key}"):
            try:
                return dict(
                    self._client.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")
                )
            except ClientError as err:
                if code_of(err) in _ABSENT:
                    return None
                raise

    def _tags(self, key: str) -> dict[str, str]:
        with asked("s3:GetObjectTagging", f"{self._arn}/{key}"):
            answer = self._client.get_object_tagging(Bucket=self.name, Key=key)
        return {each["Key"]: each["Value"] for each in answer["TagSet"]}

    def url(self, key: str) -> str:
        """Return the address of an object that CloudFormation takes."""
        suffix = "amazonaws.com.cn" if self._publisher.partition == "aws-cn" else "amazonaws.com"
        return f"https://{self.name}.s3.{self._publisher.region}.{suffix}/{key}"
