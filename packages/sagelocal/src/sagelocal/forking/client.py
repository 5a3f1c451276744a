"""The client of the fork server: asks for jobs, signals them and hears how they ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sagelocal.forking import server as fork_server
from sagelocal.forking.libraries import imported_libraries
from sagelocal.processes.commands import GRACE_SECONDS, POLL_SECONDS, Command

_PROGRAM = Path(fork_server.__file__).parent
# Variables in which the trials of a step differ; the server is started without them.
_OF_ONE_TRIAL = (
    *("SM_", "SAGEMAKER_BASE_DIR", "TRAINING_JOB_NAME", "PYTHONPATH", "SAGELOCAL_"),
    "VIRTUAL_ENV",
)
_CLOSING_SECONDS = 0.5
# Arrow's allocator would start a thread of its own, and a process with threads must not fork.
_ONE_THREAD = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}


class ForkServer:
    """A server process for the program of `command`, in the environment that its trials share.

    Args:
        command: An interpreter, the program's path, and whatever follows.
    """

    def __init__(self, command: Command) -> None:
        self._control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        shared = {
            name: value
            for name, value in command.environment.items()
            if not name.startswith(_OF_ONE_TRIAL)
        }
        _, program, *_ = command.arguments
        libraries = json.dumps(imported_libraries(Path(program)))
        with other:
            self._process = subprocess.Popen(  # noqa: S603 - both are ours
                [sys.executable, str(_PROGRAM), str(other.fileno()), libraries],
                env=shared | _ONE_THREAD,
                cwd=command.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
                start_new_session=True,
            )

    def wait_until_ready(self) -> bool:
        """Wait while the server loads libraries; return whether it can serve."""
        try:
            return self._control.recv(1) == fork_server.READY
        except OSError:
            return False

    def prepare(self, command: Command) -> bool:
        """Let the program of `command` prepare, before the first job; return whether it did."""
        answer = self._ask(command, prepare=True)
        if answer is not None:
            answer[0].close()
        return answer is not None and answer[1] == 1

    def begin(self, command: Command) -> ForkedJob | None:
        """Start a job; None when the server is gone and nothing was started."""
        answer = self._ask(command, prepare=False)
        return None if answer is None else ForkedJob(*answer)

    def _ask(self, command: Command, *, prepare: bool) -> tuple[socket.socket, int] | None:
        """Return the connection for a command, and the number that the server answers with."""
        ours, theirs = socket.socketpair()
        words = {
            "interpreter": command.arguments[0],
            "arguments": list(command.arguments[1:]),
            "environment": dict(command.environment),
            "folder": str(command.folder),
            "log": str(command.log),
            "prepare": prepare,
        }
        number = None
        with suppress(OSError):
            with theirs:
                socket.send_fds(self._control, [b"+"], [theirs.fileno()])
            ours.sendall(json.dumps(words).encode() + b"\n")
            number = _read_number(ours)
        if number is None:
            ours.close()
            return None
        return ours, number

    def close(self) -> None:
        """End the server; a job that is still running is killed, by it or by whoever waits for it.

        It is let go rather than killed, so that the system counts its jobs' time as ours.
        """
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_CLOSING_SECONDS)
        if self._process.returncode is None:  # its number is still its own
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)  # with the one that prepared
            self._process.wait()
        self._control.close()


@dataclass(frozen=True, eq=False)
class ForkedJob:
    """A running job: the connection to its server, and its process number."""

    connection: socket.socket
    pid: int

    def wait(
        self, seconds: float | None, should_end: Callable[[], bool] | None = None
    ) -> tuple[int, bool]:
        """Return exit code and whether time ran out; then it is asked to end, and killed at last.

        Args:
            seconds: The limit; None for no limit.
            should_end: Called again and again; the job is killed once it returns true.
        """
        stages = [(seconds, signal.SIGTERM), (GRACE_SECONDS, signal.SIGKILL), (None, 0)]
        for stage, (limit, number) in enumerate(stages):
            try:
                code = self._exit_code(limit, should_end)
            except (TimeoutError, BlockingIOError):
                self.signal(number)
                continue
            except ConnectionError:
                code = None
            return self._orphaned() if code is None else code, stage > 0
        raise AssertionError("The last stage has no time limit.")

    def _exit_code(
        self, seconds: float | None, should_end: Callable[[], bool] | None
    ) -> int | None:
        """Return the exit code, None when the server is gone.

        Raises:
            TimeoutError: If it does not come in time.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while should_end is not None and (deadline is None or time.monotonic() < deadline):
            self.connection.settimeout(POLL_SECONDS)
            try:
                return _read_number(self.connection)
            except (TimeoutError, BlockingIOError):
                if should_end():
                    self.signal(signal.SIGKILL)
                    should_end = None
        remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
        self.connection.settimeout(remaining)
        return _read_number(self.connection)

    def signal(self, number: int) -> None:
        """Send a signal to the job's process group, unless it has ended."""
        with suppress(OSError):
            self.connection.send(bytes([number]))

    def close(self) -> None:
        """Close the connection, which kills the job if it is running."""
        self.connection.close()

    def _orphaned(self) -> int:
        """End a job whose server died, which leaves nobody who knows how it would end."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        return -signal.SIGKILL


def _read_number(connection: socket.socket) -> int | None:
    """Return the number in the next line; None when the server is gone."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            return None
        line += byte
    return int(line)
