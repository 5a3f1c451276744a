"""Objects in S3: assets, which are named by their content, and what executions have left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.aws.errors import code_of, explained
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# In UTF-8.
_LONGEST_KEY = 1024
_ABSENT = ("404", "NoSuchKey", "NotFound")


@dataclass(frozen=True)
class Uploaded:
    """The outcome of an upload.

    Attributes:
        sent: How many objects were sent.
        size: Their bytes.
        total: How many there are to have.
    """

    sent: int
    size: int
    total: int

    def __add__(self, other: Uploaded) -> Uploaded:
        """Return what both uploads did."""
        return Uploaded(self.sent + other.sent, self.size + other.size, self.total + other.total)


class Bucket:
    """A bucket that assets are put into.

    Args:
        client: A boto3 client of the service `s3`.
        name: Of the bucket.
        key_id: KMS key for the objects; the bucket's own default if None.
    """

    def __init__(self, client: Any, name: str, key_id: str | None = None) -> None:
        self._client = client
        self.name = name
        self._encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}
        )

    def put_missing(self, objects: Mapping[str, bytes]) -> Uploaded:
        """Send the objects that the bucket lacks; a key stands for one content for ever.

        Args:
            objects: Key → content.

        Raises:
            UserError: S3 refuses, or cannot be reached.
        """
        missing = {key: body for key, body in objects.items() if not self._has(key)}
        for key, body in missing.items():
            self.put(key, body)
        return Uploaded(len(missing), sum(map(len, missing.values())), len(objects))

    def put(self, key: str, body: bytes) -> None:
        """Send an object, whatever the bucket has under its key.

        Raises:
            UserError: S3 refuses, or cannot be reached.
        """
        with explained("S3", f"PutObject in {self.name}"):
            self._client.put_object(Bucket=self.name, Key=key, Body=body, **self._encryption)

    def put_changed(self, key: str, body: bytes) -> bool:
        """Put an object that has one content now and may have another one later.

        Args:
            key: Of the object.
            body: Its content.

        Returns:
            Whether it was put: what is there as it should be is left alone.

        Raises:
            UserError: S3 refuses, or cannot be reached.
        """
        if Objects(self._client).read(f"s3://{self.name}/{key}") == body:
            return False
        self.put(key, body)
        return True

    def put_missing_file(self, key: str, path: Path) -> Uploaded:
        """Send a file of any size, in parts if it is large, unless the bucket has the key.

        Raises:
            UserError: The key is too long for S3, or S3 refuses or cannot be reached.
        """
        if len(key.encode()) > _LONGEST_KEY:
            msg = f"A key in S3 may have {_LONGEST_KEY:,} bytes, got {len(key.encode()):,}: {key}."
            raise UserError(
                msg, "Choose shorter names; for a partition, a column of shorter values."
            )
        if self._has(key):
            return Uploaded(0, 0, 1)
        with explained("S3", f"PutObject in {self.name}"), path.open("rb") as stream:
            self._client.upload_fileobj(stream, self.name, key, ExtraArgs=self._encryption)
        return Uploaded(1, path.stat().st_size, 1)

    def _has(self, key: str) -> bool:
        from botocore.exceptions import ClientError

        with explained("S3", f"HeadObject in {self.name}"):
            try:
                self._client.head_object(Bucket=self.name, Key=key)
            except ClientError as err:
                if code_of(err) in _ABSENT:
                    return False
                raise
        return True


class Objects:
    """Objects, wherever they are.

    Args:
        client: A boto3 client of the service `s3`.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def read(self, uri: str) -> bytes | None:
        """Return the content of `s3://<bucket>/<key>`; None if there is no such object.

        Raises:
            UserError: S3 refuses, or cannot be reached.
        """
        from botocore.exceptions import ClientError

        bucket, _, key = uri.removeprefix("s3://").partition("/")
        with explained("S3", f"GetObject of {uri}"):
            try:
                return bytes(self._client.get_object(Bucket=bucket, Key=key)["Body"].read())
            except ClientError as err:
                if code_of(err) == "NoSuchKey":
                    return None
                raise
