"""The server: takes connections, forks, signals and reaps, until its control socket is closed."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any

from . import READY, UNFIT
from .children import end, enter, run_program
from .loading import is_fit_to_fork, load_libraries, prepare

_GRACE_SECONDS = 5.0


class Server:
    """Forks, signals and reaps jobs until the control socket is closed."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._jobs: dict[int, socket.socket] = {}
        self._hear_of_children()

    def _hear_of_children(self) -> None:
        self._wake, self._wakened = os.pipe()
        os.set_blocking(self._wakened, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler is what makes it wake
        signal.set_wakeup_fd(self._wakened)

    def serve(self) -> dict[str, Any] | None:
        """Return in each child with its job, and in the server with None when it is to end."""
        while True:
            sources: list[Any] = [self._control, self._wake, *self._jobs.values()]
            ready, _, _ = select.select(sources, [], [])
            if self._wake in ready:
                os.read(self._wake, 4096)
            for pid, connection in list(self._jobs.items()):
                if connection in ready:
                    self._signal(pid, _receive(connection) or bytes([signal.SIGKILL]))
                self._reap(pid)
            if self._control in ready:
                message, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
                if not message:
                    for pid in self._jobs:
                        self._signal(pid, bytes([signal.SIGKILL]))
                    return None
                job = self._start(socket.socket(fileno=descriptors[0]))
                if job is not None:
                    return job

    def _start(self, connection: socket.socket) -> dict[str, Any] | None:
        received = b""
        while b"\n" not in received:
            chunk = _receive(connection)
            if not chunk:
                connection.close()
                return None
            received += chunk
        line, _, signals = received.partition(b"\n")
        job: dict[str, Any] = json.loads(line)
        if job["prepare"]:
            self._prepare(job, connection)
            return None
        try:
            pid = os.fork()
        except OSError:  # the client finds out why when it starts a process instead
            connection.close()
            return None
        if pid == 0:
            os.setpgid(0, 0)
            connection.close()
            self._leave()
            return job
        with suppress(OSError):  # the child was faster, and may even have ended
            os.setpgid(pid, pid)
        self._jobs[pid] = connection
        self._answer(connection, pid)
        self._signal(pid, signals)
        return None

    def _prepare(self, job: dict[str, Any], connection: socket.socket) -> None:
        """Let a child prepare and then serve; return in it, and here if it fails or has died."""
        pid = os.fork()
        if pid == 0:
            self._leave(control=False)
            self._hear_of_children()
            if not prepare(job):
                os._exit(1)
            self._answer(connection, 1)
            connection.close()
            return
        status = self._stand_by(pid)
        if status == 0:  # it has served to the end
            os._exit(0)
        self._answer(connection, 0)
        connection.close()

    def _stand_by(self, pid: int) -> int:
        """Wait for the child; once the client is gone, no longer than a grace period."""
        poll = select.poll()
        poll.register(self._control, 0)  # what arrives is for the child; a closed end is reported
        poll.register(self._wake, select.POLLIN)
        deadline = None
        while True:
            events = poll.poll(None if deadline is None else _GRACE_SECONDS * 1000)
            if any(descriptor == self._wake for descriptor, _ in events):
                os.read(self._wake, 4096)
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return status
            if any(descriptor == self._control.fileno() for descriptor, _ in events):
                poll.unregister(self._control)
                deadline = time.monotonic() + _GRACE_SECONDS
            if deadline is not None and time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)

    def _leave(self, *, control: bool = True) -> None:
        """Drop, in a child, all that belongs to the server; the control socket on request."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for connection in (*([self._control] if control else []), *self._jobs.values()):
            connection.close()
        self._jobs.clear()
        os.close(self._wake)
        os.close(self._wakened)

    def _signal(self, pid: int, numbers: bytes) -> None:
        for number in numbers:
            with suppress(ProcessLookupError):
                os.killpg(pid, number)

    def _reap(self, pid: int) -> None:
        """Answer for a job that has ended; what it left running is killed."""
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return
        # Before the process is reaped, while its number cannot belong to another one.
        self._signal(pid, bytes([signal.SIGKILL]))
        _, status = os.waitpid(pid, 0)
        connection = self._jobs.pop(pid)
        self._answer(connection, os.waitstatus_to_exitcode(status))
        connection.close()

    def _answer(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError):  # the client is gone
            connection.sendall(f"{number}\n".encode())


def _receive(connection: socket.socket) -> bytes:
    """Return what has come; nothing when the client is gone, and wants its job no more."""
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""


def main() -> None:
    """Load the libraries, report whether that left a process fit to fork, then serve.

    The first argument is the number of the control socket, the second the libraries as JSON.
    """
    control = socket.socket(fileno=int(sys.argv[1]))
    loaded = load_libraries(json.loads(sys.argv[2]))
    if not is_fit_to_fork() or not loaded:
        control.send(UNFIT)
        return
    control.send(READY)
    job = Server(control).serve()
    if job is None:
        os._exit(0)  # at once: there is nothing to clean up
    enter(job)
    end(run_program())
