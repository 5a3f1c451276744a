"""Addresses of objects: `s3://bucket/key`, as far as a file may be called so."""

from __future__ import annotations

import re

from sagelocal.errors import StorageError

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_LONGEST_NAME = 255


def split_uri(uri: str) -> tuple[str, str]:
    """Split `s3://bucket/key` into bucket and key; a closing slash is dropped.

    Raises:
        StorageError: If it is not such an address, or if the key could lead outside the bucket.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise StorageError(f"Not an S3 address: {uri!r}.", "Write s3://<bucket>/<key>.")
    key = key.removesuffix("/")
    if key and not all(map(_is_plain_name, key.split("/"))):
        raise StorageError(
            f"The key of {uri!r} is not allowed.",
            "Use plain names between single slashes: no '..', no backslash.",
        )
    return bucket, key


def _is_plain_name(name: str) -> bool:
    hostile = name in ("", ".", "..") or "\\" in name or any(ord(sign) < ord(" ") for sign in name)
    return not hostile and len(name.encode(errors="replace")) <= _LONGEST_NAME
