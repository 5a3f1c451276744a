"""A project: its folder, and where a local run keeps everything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import UserError
from pipelines.training.settings import load_project

if TYPE_CHECKING:
    from pipelines.training.settings import ProjectSettings

MARKER = "conf/pipeline.yaml"


@dataclass(frozen=True)
class Project:
    """A project's folder and settings."""

    root: Path
    settings: ProjectSettings

    @property
    def home(self) -> Path:
        """Where everything lies that a local run makes."""
        return self.root / ".pipeline"

    @property
    def lake(self) -> Path:
        """The local lake, which stands in for Athena's tables."""
        return self.home / "lake"


def find_project(start: Path | None = None) -> Project:
    """Load the project that `start`, or the working directory, lies in.

    Raises:
        UserError: There is none, or its settings break a rule.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / MARKER).is_file():
            return Project(folder, load_project(folder))
    msg = f"{here}: neither it nor a folder above it holds {MARKER}."
    raise UserError(msg, "Change into the project's folder.")
