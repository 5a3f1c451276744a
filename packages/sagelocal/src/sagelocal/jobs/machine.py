"""The machine: what all jobs of an execution share, and what replaces programs of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sagelocal.processes.commands import Launcher
from sagelocal.processes.slots import Slots
from sagelocal.storage.buckets import Storage


@dataclass(frozen=True)
class Machine:
    """What all jobs of one execution share.

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

    def program(self, image: str) -> ImageProgram | None:
        """Return what replaces the program of an image, whatever its registry and tag."""
        return self.programs.get(image.rsplit("/", 1)[-1].partition("@")[0].partition(":")[0])


@dataclass(frozen=True)
class ImageProgram:
    """What replaces the program that an image starts when a job names none.

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
    """What replaces the program `serve` of every image.

    Attributes:
        words: The command.
        environment: Its variables; those of a model and of a job win.
    """

    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
