"""The server's first process: a socket, and the workers that answer on it."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
import traceback
from typing import TYPE_CHECKING

from sagetabular.serving.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from sagetabular.serving.settings import ServerSettings

_BACKLOG = 2048
_ENDING = (signal.SIGTERM, signal.SIGINT)
_POLL_SECONDS = 0.1
# A worker that dies sooner is not replaced at once, or its replacements would eat the machine.
_SHORT_LIFE = 2.0
# After SIGTERM a worker has this long; SageMaker kills everything after 30.
_LAST_SECONDS = 28.0


def serve(settings: ServerSettings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ServerError: Nothing can listen on the port.
    """
    listener = _listen(settings)
    # Workers are what runs at once; threads of theirs would only wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

    forks = hasattr(os, "fork")
    parent = os.getpid() if forks else os.getppid()

    def work(replacement: bool) -> None:
        # The first process does without these imports.
        from sagetabular.serving.worker import Worker

        Worker(settings, replacement=replacement, parent=parent).run(listener)

    if forks:
        Supervisor(work, settings.workers).run()
    else:  # Windows: one process does all
        work(False)


def _listen(settings: ServerSettings) -> socket.socket:
    """Listen before the workers do: requests wait while one is being replaced."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    address = (settings.host, settings.port)
    try:
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as err:
        reason = os.strerror(err.errno or 0)
        msg = f"{settings.host}:{settings.port} cannot be listened on: {reason}.\n"
        remedy = "Stop what listens there, or set SAGEMAKER_BIND_TO_PORT to another port."
        raise ServerError(msg + remedy) from err


class Supervisor:
    """Keeps a number of forked workers alive until a signal ends it; works as PID 1.

    It imports next to nothing, so that it needs little memory and forks no threads.

    Args:
        work: What a worker does; takes whether it replaces another one.
        workers: How many there are.
    """

    def __init__(self, work: Callable[[bool], None], workers: int) -> None:
        self._work = work
        self._count = workers
        self._started: dict[int, float] = {}
        self._ending = False

    def run(self) -> None:
        """Start the workers and keep them; returns after SIGTERM or SIGINT, when all have ended."""
        for number in _ENDING:
            signal.signal(number, self._end)
        for _ in range(self._count):
            self._fork(replacement=False)
        while not self._ending:
            for worker in self._reap():
                self._replace(worker)
            time.sleep(_POLL_SECONDS)
        self._end_workers()

    def _end(self, _signal: int, _frame: FrameType | None) -> None:
        self._ending = True

    def _fork(self, *, replacement: bool) -> None:
        # A signal between the fork and the worker's own handlers must end the worker.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        process = os.fork()
        if process == 0:
            self._run_worker(replacement)
        self._started[process] = time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)

    def _run_worker(self, replacement: bool) -> None:
        """Work, and never return into what the first process was doing."""
        code = 1
        try:
            for number in _ENDING:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
            self._work(replacement)
            code = 0
        except Exception:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> list[int]:
        """Return the workers that have ended."""
        return [worker for worker in self._started if os.waitpid(worker, os.WNOHANG)[0]]

    def _replace(self, worker: int) -> None:
        lived = time.monotonic() - self._started.pop(worker)
        if self._ending:
            return
        print(f"Worker {worker} has ended after {lived:.1f} s and is replaced.", file=sys.stderr)
        if lived < _SHORT_LIFE:
            time.sleep(_SHORT_LIFE - lived)
        self._fork(replacement=True)

    def _end_workers(self) -> None:
        deadline = time.monotonic() + _LAST_SECONDS
        self._signal(signal.SIGTERM)
        while self._started:
            for worker in self._reap():
                del self._started[worker]
            if time.monotonic() > deadline:
                self._signal(signal.SIGKILL)
            time.sleep(_POLL_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        for worker in self._started:
            os.kill(worker, number)
