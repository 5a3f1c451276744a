"""Locks: one process at a time runs an execution, and nothing is removed while any runs.

The system lets go of a lock when its holder ends, however it ends. So a lock that is held stands
for a process that lives, which a process number does not: numbers are given out again.
Windows has no such locks; there nothing is held, and nothing is refused.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

LOCK = ".lock"
# Who only asks holds a lock too, for an instant.
_PATIENCE_SECONDS, _POLL_SECONDS = 0.5, 0.01


class HeldError(Exception):
    """Another holder has the lock."""


@contextmanager
def hold(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of a folder for the length of the block, wherever the folder moves meanwhile.

    Args:
        folder: The folder; it exists.
        shared: Hold it beside others who share it, and wait for one who does not.

    Raises:
        HeldError: If somebody else holds it, and it is not to be shared.
        OSError: If the lock's file cannot be written.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if shared:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        else:
            _take(descriptor)
            os.pwrite(descriptor, f"{os.getpid():10d}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder(folder: Path) -> str | None:
    """Return the number of the process that holds the lock of a folder alone; None if none does."""
    if sys.platform == "win32":
        return None
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(descriptor, 32, 0).decode().strip()
    finally:
        os.close(descriptor)
    return None


def _take(descriptor: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise HeldError from error
            time.sleep(_POLL_SECONDS)
        else:
            return
