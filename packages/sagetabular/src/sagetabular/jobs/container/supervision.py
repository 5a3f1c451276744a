"""A program as a child process: signals reach it, and it cannot outlive the one that asked.

The first process of a container gets no default treatment of signals: without a handler, SIGTERM
would be ignored until SageMaker kills everything.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import FrameType

# SageMaker sends SIGTERM 120 s before SIGKILL: this leaves time to clear up.
GRACE_SECONDS = 90.0


def supervise(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Run a program to its end, handing SIGTERM and SIGINT on to it and its children.

    A program that has not ended `GRACE_SECONDS` after the signal is killed.

    Args:
        command: Program and arguments.
        folder: Working directory.
        environment: The whole environment.

    Returns:
        Its exit code; minus the signal's number if a signal ended it.
    """
    child = _Child()
    handled = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, child.pass_on) for number in handled]
    try:
        return child.run(command, folder, environment)
    finally:
        for number, handler in zip(handled, before, strict=True):
            signal.signal(number, handler)


class _Child:
    """One program; a signal may arrive before it has started."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pending: int | None = None
        self._killer = threading.Timer(GRACE_SECONDS, self._send, [signal.SIGKILL])
        self._killer.daemon = True

    def run(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
        self._process = subprocess.Popen(  # noqa: S603 - running the user's program is the purpose
            list(command), cwd=folder, env=dict(environment), start_new_session=True
        )
        if self._pending is not None:
            self._send(self._pending)
        try:
            return self._process.wait()
        finally:
            self._killer.cancel()

    def pass_on(self, number: int, _frame: FrameType | None) -> None:
        self._pending = number
        if not self._killer.is_alive() and not self._killer.finished.is_set():
            self._killer.start()
        self._send(number)

    def _send(self, number: int) -> None:
        if self._process is None:
            return
        if sys.platform == "win32":
            self._process.kill()
            return
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:  # it has ended by itself
            return
