"""JSON that the jobs of an execution have written into the local S3."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from sagelocal import Storage


def json_object(storage: Storage, uri: str) -> dict[str, Any]:
    """Return the JSON object at an address.

    Raises:
        StorageError: There is nothing.
        UserError: What is there is no JSON object, so it is damaged.
    """
    try:
        content = json.loads(storage.read_bytes(uri))
    except ValueError as err:
        raise _damaged(storage, uri, str(err)) from err
    if not isinstance(content, dict):
        raise _damaged(storage, uri, f"it is no object, got {str(content)[:40]!r}")
    return content


def _damaged(storage: Storage, uri: str, reason: str) -> UserError:
    msg = f"{storage.path(uri)} is damaged: {reason}."
    return UserError(
        msg, "Restore it, or run the step that wrote it again: pipeline run --no-cache."
    )
