"""Files that are either whole or as they were, never half-written."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from errno import ELOOP
from pathlib import Path

# Names of what this process has open, such as /dev/stdout leads to.
_OPEN = re.compile(r"/(?:dev|proc/self|proc/\d+)/fd/(\d+)", re.ASCII)
_MOST_LINKS = 40  # as Linux has it


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step, in a folder that exists.

    A symbolic link is followed, and what is no regular file, such as a device or a pipe, is
    written to and stays what it is.

    Raises:
        OSError: It cannot be written.
    """
    target = _followed(path)
    if descriptor := _OPEN.fullmatch(str(target)):
        _write_open(int(descriptor[1]), content)
    elif target.exists() and not target.is_file() and not target.is_dir():
        target.write_bytes(content)
    else:
        _replace(target, content)


def is_plain(path: Path) -> bool:
    """Return whether a path leads to a regular file, or to nothing yet."""
    with suppress(OSError):
        target = _followed(path)
        return not _OPEN.fullmatch(str(target)) and (target.is_file() or not target.exists())
    return True


def _followed(path: Path) -> Path:
    """Return what a path leads to; a link that leads to nothing yet says where the file goes."""
    path = path.absolute()
    for _ in range(_MOST_LINKS):
        # Its folder by its real name: `..` in a link counts from there.
        path = path.parent.resolve() / path.name
        if _OPEN.fullmatch(str(path)) or not path.is_symlink():
            return path
        path = path.parent / path.readlink()
    raise OSError(ELOOP, os.strerror(ELOOP), str(path))


def _write_open(descriptor: int, content: bytes) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)


def _replace(path: Path, content: bytes) -> None:
    staging = path.parent / f".{path.name}.{os.getpid()}"
    try:
        staging.write_bytes(content)
        staging.replace(path)
    finally:
        with suppress(OSError):  # it is gone when all went well
            staging.unlink()
