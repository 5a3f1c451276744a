"""A project on disk: its folder and settings, and where a local run keeps everything."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.project.versions import check_version

if TYPE_CHECKING:
    from sagetabular.settings import ProjectSettings

MARKER = "conf/pipeline.yaml"


@dataclass(frozen=True)
class Project:
    """A project's folder, and what belongs to it."""

    root: Path

    @cached_property
    def settings(self) -> ProjectSettings:
        """Its settings, read when they are first asked for: to look at past runs takes none.

        Raises:
            UserError: They break a rule.
        """
        from sagetabular.settings import load_project  # with pydantic, a quarter of a second

        return load_project(self.root)

    @property
    def home(self) -> Path:
        """Folder of everything that a local run makes."""
        return self.root / ".pipeline"

    @property
    def lake(self) -> Path:
        """The local lake, which replaces Athena's tables."""
        return self.home / "lake"


def find_project(start: Path | None = None) -> Project:
    """Find the project that `start`, or the working directory, lies in.

    Raises:
        UserError: There is none, or it is made for another major version of this package.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / MARKER).is_file():
            check_version(folder)
            return Project(folder)
    msg = f"{here}: neither it nor a folder above it holds {MARKER}."
    raise UserError(msg, "Change into the project's folder.")
