"""Forking: the trials of a tuning step as children of a process that has loaded the libraries.

A fresh interpreter spends about a second on importing NumPy, scikit-learn and XGBoost before a
trial begins; a fork of one that has done so begins at once, and is a process as any other.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from sagelocal.errors import SageLocalError, StoppedError
from sagelocal.forking.client import ForkedJob, ForkServer
from sagelocal.forking.libraries import mentions_pip, offers_preparation
from sagelocal.processes.commands import GRACE_SECONDS, POLL_SECONDS, Command, Exit, Launcher
from sagelocal.processes.launching import ProcessLauncher


def forking_is_safe() -> bool:
    """Return whether forks are reliable: macOS has `fork`, but its libraries break after it."""
    return hasattr(os, "fork") and sys.platform == "linux"


def launcher_type(isolation: str | None) -> type[ProcessLauncher]:
    """Return the launcher for an isolation, by default the fastest of this platform.

    Raises:
        SageLocalError: If there is none of that name, or not on this platform.
    """
    launchers = {"process": ProcessLauncher} | ({"fork": ForkLauncher} if forking_is_safe() else {})
    chosen = list(launchers)[-1] if isolation is None else isolation
    if chosen not in launchers:
        raise SageLocalError(
            f"The isolation must be one of {', '.join(launchers)} on this platform, got {chosen}."
        )
    return launchers[chosen]


class ForkLauncher(ProcessLauncher):
    """Starts single jobs as processes, and the trials of a tuning step as forks."""

    def __init__(self) -> None:
        super().__init__()
        self._expected: dict[str, TrialLauncher] = {}
        self._steps: set[TrialLauncher] = set()

    def expect(self, name: str, command: Command) -> None:
        """Start a server that loads libraries while other things run.

        Whoever expects trials asks for their launcher later, even if none is needed after all:
        the server ends with that.
        """
        step = TrialLauncher(self)
        self._steps.add(step)
        self._expected[name] = step
        with suppress(StoppedError):  # then none is needed
            step.start(command)

    @contextmanager
    def for_trials(self, name: str) -> Iterator[Launcher]:
        """Yield a launcher for many runs of one program; its server ends with the block."""
        step = self._expected.pop(name, None) or TrialLauncher(self)
        self._steps.add(step)
        try:
            yield step
        finally:
            self._steps.discard(step)
            step.close()

    def stop(self) -> None:
        """End every running command, and start none from now on."""
        super().stop()
        for step in list(self._steps):
            step.stop()


class TrialLauncher:
    """Runs one Python program many times, as forks of a server that starts with the first.

    Where a server cannot serve (a library fails to import, or starts threads), and after it died,
    commands run as plain processes, with the same result.

    Args:
        plain: Starts what the server cannot, and knows whether everything was stopped.
    """

    def __init__(self, plain: ProcessLauncher) -> None:
        self._plain = plain
        self._server: ForkServer | None = None
        self._serves: bool | None = None
        self._starting = threading.Lock()
        self._changing = threading.Lock()
        self._running: set[ForkedJob] = set()

    def run(self, command: Command) -> Exit:
        """Run `command` to its end; what it leaves running is killed.

        Raises:
            DefinitionError: If the program cannot be started.
            StoppedError: If everything was stopped before the command ended.
        """
        server = self._ready_server(command) if _is_program(command) else None
        command.log.parent.mkdir(exist_ok=True)
        started = time.monotonic()
        with self._changing:
            self._plain.require_running()
            job = server.begin(command) if server else None
            if job:
                self._running.add(job)
        if job is None:
            return self._plain.run(command)
        try:
            with command.cancellation.ending(lambda: _end(job)):
                code, timed_out = job.wait(command.seconds, command.should_end)
        finally:
            job.close()
            self._running.discard(job)
        self._plain.require_running()
        return Exit(code, time.monotonic() - started, timed_out)

    def expect(self, _name: str, command: Command) -> None:
        """Start the server."""
        self.start(command)

    def for_trials(self, _name: str) -> AbstractContextManager[Launcher]:
        """Return this launcher."""
        return nullcontext(self)

    def prepare(self, make: Callable[[], Command]) -> None:
        """Let the server do once what all trials share, if their program offers to.

        Raises:
            StoppedError: If everything was stopped.
        """
        command = make()
        if _is_program(command) and offers_preparation(Path(command.arguments[1])):
            server = self._ready_server(command)
            if server is not None:
                server.prepare(command)

    def start(self, command: Command) -> None:
        """Start the server for programs like that of `command`, without waiting for it.

        Raises:
            StoppedError: If everything was stopped.
        """
        with self._changing:
            self._plain.require_running()
            if self._server is None:
                self._server = ForkServer(command)

    def stop(self) -> None:
        """End every running command."""
        with self._changing:
            running = list(self._running)
        deadline = time.monotonic() + GRACE_SECONDS
        for job in running:
            job.signal(signal.SIGTERM)
        while self._running and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        self.close()

    def close(self) -> None:
        """End the server, if one was started, and with it what still runs."""
        if self._server is not None:
            self._server.close()

    def _ready_server(self, command: Command) -> ForkServer | None:
        """Return the server once it serves, started by whoever comes first; None without one."""
        self.start(command)
        with self._starting:
            if self._serves is None and self._server is not None:
                self._serves = self._server.wait_until_ready()
            return self._server if self._serves else None


def _end(job: ForkedJob) -> None:
    """Ask a job to end; kill it after a grace period, which does nothing to one that has ended."""
    job.signal(signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    job.signal(signal.SIGKILL)


def _is_program(command: Command) -> bool:
    """Return whether a fork does what a process would: a file of Python that installs nothing.

    A fork has loaded libraries; a process might find others there once it has installed them.
    """
    interpreter, program, *_ = [*command.arguments, ""]
    own = Path(command.environment.get("VIRTUAL_ENV", ""), "bin", "python")
    if interpreter not in (sys.executable, str(own)) or not program.endswith(".py"):
        return False
    return not mentions_pip(Path(program).parent)
