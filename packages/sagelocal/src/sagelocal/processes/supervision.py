"""Supervision: a job never outlives the process that started it, even if that is killed.

Between the two stands a small process that notices. Where there are no process groups (Windows),
the job is started directly, and outlives a parent that is killed.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sagelocal.errors import DefinitionError
from sagelocal.processes import supervisor

# Without a look at the job's variables or anybody's site-packages: 15 ms instead of 50.
_SUPERVISOR = (sys.executable, "-I", "-S", supervisor.__file__)


@dataclass(frozen=True, eq=False)
class Job:
    """A running job, leader of a process group together with its supervisor.

    Attributes:
        program: Its first word, for messages.
        process: The supervisor, or the job itself where there is none.
        line: The connection to the supervisor; its closing ends the job.
    """

    program: str
    process: subprocess.Popen[bytes]
    line: socket.socket | None

    def wait(self) -> int:
        """Wait for the job's end and return its exit code, minus the signal if one killed it.

        Raises:
            DefinitionError: If the program could not be started.
        """
        code = self.process.wait()
        if self.line is None:
            return code
        with self.line:
            answer = self.line.recv(4096).decode(errors="replace").strip()
        try:
            return int(answer) if answer else code
        except ValueError:
            raise DefinitionError(f"Cannot start {self.program!r}: {answer}.") from None

    def has_ended(self) -> bool:
        """Return whether the job has ended."""
        return self.process.poll() is not None

    def signal(self, *, kill: bool) -> None:
        """Ask the process group to end, or kill it; one that is gone is no error."""
        if sys.platform == "win32":
            self.process.kill()
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL if kill else signal.SIGTERM)
        except (ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
            return


def start_job(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, log: IO[bytes]
) -> Job:
    """Start a job that ends with this process.

    Args:
        arguments: Program and arguments.
        environment: The whole environment.
        folder: Working directory.
        log: Receives standard output and error.

    Raises:
        DefinitionError: If the program is known at once not to start; `Job.wait` may say so later.
    """
    if sys.platform == "win32":
        process = _popen(arguments, environment, folder, log, subprocess.DEVNULL)
        return Job(arguments[0], process, None)
    ours, theirs = socket.socketpair()
    with theirs:
        words = [*_SUPERVISOR, *arguments]
        try:
            process = _popen(words, environment, folder, log, theirs.fileno())
        except DefinitionError:
            ours.close()
            raise
    return Job(arguments[0], process, ours)


def _popen(
    words: Sequence[str], environment: Mapping[str, str], folder: Path, log: IO[bytes], stdin: int
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - running the user's code is the purpose
            list(words),
            env=dict(environment),
            cwd=folder,
            stdin=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise DefinitionError(f"Cannot start {words[0]!r}: {error}.") from error
