"""Objects that executions have left in S3."""

from __future__ import annotations

from typing import Any

from sagetabular.aws.refusals import code_of, explained


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
