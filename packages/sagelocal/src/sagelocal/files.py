"""Small files that are either whole or absent, never half-written."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]


def now() -> str:
    """Return the present time in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def temporary_sibling(path: Path) -> Path:
    """Return an unused hidden name in the folder of `path`, so that a rename is atomic."""
    return path.with_name(f".{uuid.uuid4().hex}.tmp")


def encode_json(value: object) -> bytes:
    """Return `value` as strict, indented JSON.

    Raises:
        ValueError: If a number is NaN or infinite, which JSON cannot hold.
    """
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` in one step, making its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_sibling(path)
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """Write `value` to `path` as strict JSON in one step."""
    write_bytes(path, encode_json(value))


def read_json(path: Path) -> JsonObject:
    """Return the JSON object in `path`."""
    content: JsonObject = json.loads(path.read_bytes())
    return content
