"""Kills: at each moment at which a function touches a file, and of whole process trees."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import FrameType

# The built-in functions through which Python code changes files.
_TOUCHING = {
    *("open", "write", "close", "pwrite", "sendfile", "flock", "chmod", "utime"),
    *("mkdir", "rmdir", "rename", "replace", "link", "unlink", "remove"),
}


def killed_at_every_moment(action: Callable[[], object]) -> Iterator[int]:
    """Run `action` in a process that is killed before it touches a file, after that, and so on.

    Yields:
        The number of the moment, after each kill; the last run is not killed and yields nothing.
    """
    for moment in count(1):
        child = os.fork()
        if child == 0:
            _end_in_child(action, moment)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code != -signal.SIGKILL:
            assert code == 0, f"the action failed, with {moment - 1} moments passed"
            return
        yield moment


def _end_in_child(action: Callable[[], object], moment: int) -> None:
    passed = count(1)

    def watch(_frame: FrameType, event: str, function: object) -> None:
        touches = event in ("c_call", "c_return") and function.__name__ in _TOUCHING
        if touches and next(passed) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.setprofile(watch)
        action()
        sys.setprofile(None)
    except BaseException as error:
        sys.setprofile(None)
        sys.stderr.write(f"{error!r}\n")
        os._exit(1)
    os._exit(0)


def processes_of(home: Path) -> list[int]:
    """Return the processes that have a path below `home` in their environment or command."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            said = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        if str(home).encode() in said:
            found.append(int(entry.name))
    return found


def all_end(home: Path, seconds: float) -> bool:
    """Wait until no process of `home` is left; say whether that came in time."""
    deadline = time.monotonic() + seconds
    while processes_of(home):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
