"""Commands: what is run, how it ended, and the port through which jobs have it run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sagelocal.processes.cancellation import Cancellation

GRACE_SECONDS = 5.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Command:
    """One process to run.

    Attributes:
        arguments: Program and arguments.
        environment: The whole environment; nothing is inherited.
        folder: Working directory.
        log: The file that receives standard output and error.
        seconds: Longest run time; None for no limit.
        should_end: Asked again and again while it runs; it is killed once this says so.
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
    """How a process ended; `code` is minus the signal number when it was killed."""

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
        """Give a launcher for many runs of one program, each with its own arguments.

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
