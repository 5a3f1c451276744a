"""Small files that are either whole or absent, never half-written.

What something else has damaged is told apart from what was never there, and named.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sagelocal.errors import DamagedError, ExecutionStateError

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


def write_bytes(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Write `content` to `path` in one step, making its folders.

    Args:
        path: The file.
        content: All that it is to hold.
        durable: Whether the content is on the disk before the name is: else a machine that loses
            its power can leave an empty file under the name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_sibling(path)
    try:
        with temporary.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """Write `value` to `path` as strict JSON in one step, so that it outlives a loss of power."""
    write_bytes(path, encode_json(value), durable=True)


def require_there(folder: Path) -> None:
    """Check that the folder of an execution that runs is where it was.

    Whoever writes makes folders, and would begin another one in its place.

    Raises:
        ExecutionStateError: If it is not.
    """
    if not folder.is_dir():
        raise moved(folder)


def moved(folder: Path) -> ExecutionStateError:
    """Return the error about the folder of an execution that is no longer where it was."""
    return ExecutionStateError(
        f"{folder} has been moved or removed while its execution ran.",
        "Where it is now, the execution can be resumed.",
    )


def read_json(path: Path, part_of: Path | None = None) -> JsonObject:
    """Return the JSON object in a file that this package wrote.

    Args:
        path: The file.
        part_of: The execution that is of no use without it; None if it stands for itself.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedError: If it cannot be read, or holds something else.
    """
    try:
        content = json.loads(read_file(path, part_of))
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"it holds no JSON ({error})", part_of) from error
    if not isinstance(content, dict):
        raise damaged(path, f"it must hold an object, got {type(content).__name__}", part_of)
    return content


def read_file(path: Path, part_of: Path | None = None) -> bytes:
    """Return what a file holds that this package wrote, see `read_json`.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedError: If it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise damaged(path, os.strerror(error.errno or 0), part_of) from error


def damaged(path: Path, reason: str, part_of: Path | None = None) -> DamagedError:
    """Return the error about a file that is not what this package wrote, see `read_json`."""
    remove = f"remove that execution: delete {part_of}" if part_of else f"delete {path}"
    return DamagedError(f"{path} is damaged: {reason}.", f"Restore it, or {remove}.")


@cache  # once for each file is enough
def warn_of(message: str) -> None:
    """Say that something is left out, in two lines on standard error unless logging is set up."""
    logging.getLogger("sagelocal").warning("%s", message)
