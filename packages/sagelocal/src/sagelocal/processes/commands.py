"""Commands: a process to run, its cancellation and end, and the interface that runs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

GRACE_SECONDS = 5.0
POLL_SECONDS = 0.02


class Cancellation:
    """Ends the commands that were started with it; they may be started before or after."""

    def __init__(self) -> None:
        self._cancelled = False
        self._ends: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """Begin to end every command, without waiting for it to happen."""
        with self._lock:
            self._cancelled = True
            for end in self._ends:
                _begin(end)

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """Call `end` in a thread of its own if this is cancelled before the block is left."""
        with self._lock:
            self._ends.append(end)
            if self._cancelled:
                _begin(end)
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)


def _begin(end: Callable[[], None]) -> None:
    threading.Thread(target=end, daemon=True).start()


@dataclass(frozen=True)
class Command:
    """One process to run.

    Attributes:
        arguments: Program and arguments.
        environment: The whole environment; nothing is inherited.
        folder: Working directory.
        log: The file that receives standard output and error.
        seconds: Longest run time; None for no limit.
        should_end: Called again and again while it runs; it is killed once this returns true.
        cancellation: Lets another thread end it, with the grace that a job deserves.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    seconds: float | None = None
    should_end: Callable[[], bool] | None = None
    cancellation: Cancellation = field(default_factory=Cancellation)


@dataclass(frozen=True)
class Exit:
    """The end of a process; `code` is minus the signal number when it was killed."""

    code: int
    seconds: float
    timed_out: bool


class Launcher(Protocol):
    """Runs commands, each in a process of its own."""

    def run(self, command: Command) -> Exit:
        """Run a command to its end."""

    def expect(self, name: str, command: Command) -> None:
        """Get ready, while other things run, for trials that will resemble `command`."""

    def for_trials(self, name: str) -> AbstractContextManager[Launcher]:
        """Return a launcher for many runs of one program, each with its own arguments.

        Args:
            name: Of what the trials belong to; as given to `expect`, if that was called.
        """

    def prepare(self, make: Callable[[], Command]) -> None:
        """Let a program do what its runs share, if it offers to and this launcher can use it.

        Args:
            make: Called when that is so; returns the command of a run.
        """

    def stop(self) -> None:
        """End every running command, and start none from now on."""
