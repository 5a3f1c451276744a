"""Files that are either whole or as they were, never half-written."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step, in a folder that exists.

    Raises:
        OSError: It cannot be written.
    """
    staging = path.parent / f".{path.name}.{os.getpid()}"
    try:
        staging.write_bytes(content)
        staging.replace(path)
    finally:
        with suppress(OSError):  # it is gone when all went well
            staging.unlink()
