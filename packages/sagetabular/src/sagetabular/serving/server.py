"""The server's first process: a socket, and the workers that answer on it."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING

from sagetabular.serving.listening import let_nobody_in, listen

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import FrameType

    from sagetabular.serving.settings import ServerSettings

_ENDING = (signal.SIGTERM, signal.SIGINT)
_POLL_SECONDS = 0.1
_STANDARD_INPUT = 0
# A worker that dies sooner is not replaced at once, or its replacements would eat the machine.
_SHORT_LIFE = 2.0
# After SIGTERM a worker has this long; SageMaker kills everything after 30.
_LAST_SECONDS = 28.0


def serve(settings: ServerSettings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ServerError: Nothing can listen on the port.
    """
    listener = listen(settings)
    # Workers are what runs at once; threads of theirs would only wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

    forks = hasattr(os, "fork")
    parent = os.getpid() if forks else os.getppid()

    def work(replacement: bool) -> None:
        # The first process does without these imports.
        from sagetabular.serving.worker import Worker

        Worker(settings, replacement=replacement, parent=parent).run(listener)

    if forks:
        Supervisor(work, settings, listener).run()
    else:  # Windows: one process does all
        if settings.ends_with_input:
            threading.Thread(target=_end_with_input, daemon=True).start()
        work(False)


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


class Supervisor:
    """Keeps a number of forked workers alive until a signal ends it; works as PID 1.

    It imports next to nothing, so that it needs little memory and forks no threads.

    Args:
        work: What a worker does; takes whether it replaces another one.
        settings: How many workers there are, and whether they end with the standard input.
        listener: What they share; a copy that stays here would keep the port open.
    """

    def __init__(
        self, work: Callable[[bool], None], settings: ServerSettings, listener: socket.socket
    ) -> None:
        self._work = work
        self._settings = settings
        self._listener = listener
        self._started: dict[int, float] = {}
        self._ending = False

    def run(self) -> None:
        """Start the workers and keep them; returns after SIGTERM or SIGINT, when all have ended."""
        for number in _ENDING:
            signal.signal(number, self._end)
        for _ in range(self._settings.workers):
            self._fork(replacement=False)
        while not self._ending:
            for worker in self._reap():
                self._replace(worker)
            time.sleep(_POLL_SECONDS)
            self._ending = self._ending or self._is_abandoned()
        self._end_workers()

    def _end(self, _signal: int, _frame: FrameType | None) -> None:
        self._ending = True

    def _is_abandoned(self) -> bool:
        """Return whether the server ends with its standard input, and that has ended."""
        if not self._settings.ends_with_input:
            return False
        readable, _, _ = select.select([_STANDARD_INPUT], [], [], 0)
        return bool(readable) and not os.read(_STANDARD_INPUT, 1)

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
        let_nobody_in(self._listener)
        self._listener.close()
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
