"""Objects in S3, by AWS's command line, which CodeBuild's image has."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from .hardened import environment
from .refusing import SeedError

if TYPE_CHECKING:
    from pathlib import Path

_TAKEN = "PreconditionFailed"


def has_objects(bucket: str, prefix: str) -> bool:
    """Tell whether a bucket has an object below a prefix, or of that name.

    What the console makes of a folder without files is none.

    Args:
        bucket: Its name.
        prefix: Of keys.

    Raises:
        SeedError: AWS refuses it.
    """
    words = ["list-objects-v2", "--bucket", bucket, "--prefix", prefix, "--max-keys", "10"]
    listed = json.loads(_aws(bucket, *words, "--no-paginate") or "{}")
    return any(not each["Key"].endswith("/") for each in listed.get("Contents") or [])


def put_new(bucket: str, key: str, file: Path, key_arn: str) -> bool:
    """Put a file into a bucket unless an object of that name is there, and return whether it was.

    Args:
        bucket: Its name.
        key: Of the object.
        file: The content.
        key_arn: Of the key that encrypts it.

    Raises:
        SeedError: AWS refuses it.
    """
    words = ["put-object", "--bucket", bucket, "--key", key, "--body", str(file)]
    sealed = ["--server-side-encryption", "aws:kms", "--ssekms-key-id", key_arn]
    # S3 itself refuses to overwrite, whoever is faster.
    said = _aws(bucket, *words, *sealed, "--if-none-match", "*", expected=_TAKEN)
    return said is not None


def _aws(bucket: str, *words: str, expected: str | None = None) -> str | None:
    """Call `aws s3api` and return what it printed; None for an error that is expected."""
    ended = subprocess.run(  # noqa: S603  # words of ours
        ["aws", "s3api", *words, "--output", "json"],  # noqa: S607
        env={**environment(), "AWS_PAGER": ""},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ended.returncode == 0:
        return ended.stdout
    if expected and expected in ended.stderr:
        return None
    said = " ".join(ended.stderr.split())[-400:].rstrip(".")
    raise SeedError(
        f"AWS must allow {words[0]} in the bucket {bucket}, and said: {said}.",
        "Check the seed's role, the bucket's policy and its key, and update the project again.",
    )
