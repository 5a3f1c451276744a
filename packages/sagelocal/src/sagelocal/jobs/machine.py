"""The machine: what all jobs of an execution share, programs that replace images, free ports."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sagelocal.processes.commands import Launcher
from sagelocal.processes.slots import Slots
from sagelocal.storage.buckets import Storage

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Machine:
    """The storage, processes and folders that all jobs of one execution share.

    Attributes:
        storage: Where inputs come from.
        launcher: How processes start.
        slots: How many run at once.
        work: Folder of the job trees.
        logs: Folder of the logs, with one folder for each step.
        host_environment: Variables for Processing jobs without network isolation.
        keep_work: Whether the tree of a job that succeeded is kept, too.
        serve: What Transform jobs run.
        programs: Name of an image → what replaces its own program.
    """

    storage: Storage
    launcher: Launcher
    slots: Slots
    work: Path
    logs: Path
    host_environment: Mapping[str, str] = field(default_factory=dict)
    keep_work: bool = False
    serve: ServeCommand | None = None
    programs: Mapping[str, ImageProgram] = field(default_factory=dict)

    def stop(self) -> None:
        """End every running job, and start none from now on, not even one that waits for a slot."""
        self.slots.stop()
        self.launcher.stop()

    def program(self, image: str) -> ImageProgram | None:
        """Return what replaces the program of an image, whatever its registry and tag."""
        return self.programs.get(image_name(image))


def image_name(image: str) -> str:
    """Return the last part of an image's repository, without registry, tag and digest."""
    return image.rsplit("/", 1)[-1].partition("@")[0].partition(":")[0]


@dataclass(frozen=True)
class ImageProgram:
    """A program that replaces the one that an image starts when a job names none.

    It finds the whole request in `config/processingjobconfig.json`. Inputs that are a query, which
    the service would answer before the job begins, are left to it.

    Attributes:
        words: The command; the job's arguments follow it.
        environment: Its variables, beside those of the job.
    """

    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ServeCommand:
    """A program that replaces `serve` of every image.

    Attributes:
        words: The command.
        environment: Its variables; those of a model and of a job win.
    """

    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def free_ports(number: int) -> list[int]:
    """Return ports of the loopback address that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for entry in sockets:
            entry.bind((LOOPBACK, 0))
        return [int(entry.getsockname()[1]) for entry in sockets]
