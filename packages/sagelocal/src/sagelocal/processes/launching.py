"""Launching: every command becomes a fresh process, which works on every platform.

`sagelocal.forking.launching` has what is faster.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import IO

from sagelocal.errors import StoppedError
from sagelocal.processes.commands import GRACE_SECONDS, POLL_SECONDS, Command, Exit, Launcher
from sagelocal.processes.supervision import Job, start_job


class ProcessLauncher:
    """Starts every command as a fresh process, in a process group of its own."""

    def __init__(self) -> None:
        self._running: set[Job] = set()
        self._lock = threading.Lock()
        self._stopping = False

    def run(self, command: Command) -> Exit:
        """Run `command` to its end; what it leaves running is killed.

        Raises:
            DefinitionError: If the program cannot be started.
            StoppedError: If `stop` was called before the command ended.
        """
        started, timed_out = time.monotonic(), threading.Event()
        command.log.parent.mkdir(exist_ok=True)
        with command.log.open("ab") as log:
            job = self._start(command, log)

            def expire() -> None:
                timed_out.set()
                _end([job])

            timer = threading.Timer(command.seconds or 0, expire)
            timer.daemon = True
            if command.seconds is not None:
                timer.start()
            try:
                with command.cancellation.ending(lambda: _end([job])):
                    code = _wait(job, command.should_end)
            finally:
                timer.cancel()
                job.signal(kill=True)
                with self._lock:
                    self._running.discard(job)
        self.require_running()
        return Exit(code, time.monotonic() - started, timed_out.is_set())

    def expect(self, name: str, command: Command) -> None:
        """Do nothing: a fresh process cannot be made ready beforehand."""

    def for_trials(self, _name: str) -> AbstractContextManager[Launcher]:
        """Return this launcher."""
        return nullcontext(self)

    def prepare(self, _make: Callable[[], Command]) -> None:
        """Do nothing: fresh processes share nothing."""

    def require_running(self) -> None:
        """Check that `stop` was not called.

        Raises:
            StoppedError: If it was.
        """
        if self._stopping:
            raise StoppedError("The execution was stopped.")

    def stop(self) -> None:
        """End every running command, and start none from now on."""
        with self._lock:
            self._stopping = True
            running = list(self._running)
        _end(running)

    def _start(self, command: Command, log: IO[bytes]) -> Job:
        # Under the lock, so that stop() sees either a process that runs or none that will.
        with self._lock:
            self.require_running()
            job = start_job(command.arguments, command.environment, command.folder, log)
            self._running.add(job)
            return job


def _wait(job: Job, should_end: Callable[[], bool] | None) -> int:
    """Return the exit code of a job, which is killed once it should end."""
    while should_end is not None and not job.has_ended():
        if should_end():
            job.signal(kill=True)
            break
        time.sleep(POLL_SECONDS)
    return job.wait()


def _end(jobs: Iterable[Job]) -> None:
    """Ask jobs to end; kill those that have not after a grace period."""
    remaining = list(jobs)
    for job in remaining:
        job.signal(kill=False)
    deadline = time.monotonic() + GRACE_SECONDS
    while remaining and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        remaining = [job for job in remaining if not job.has_ended()]
    for job in remaining:
        job.signal(kill=True)
