"""A project on disk: its folder and settings, and where a local run keeps everything."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.project.versions import check_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings import ProjectSettings

MARKER = "conf/pipeline.yaml"
STAGE = "PIPELINE_STAGE"


@dataclass(frozen=True)
class Project:
    """A project's folder, and what belongs to it.

    Attributes:
        root: The folder.
        stage: Of `conf/aws.yaml`, if it is looked at in one.
    """

    root: Path
    stage: str | None = None

    @cached_property
    def settings(self) -> ProjectSettings:
        """Its settings, read when they are first asked for: to look at past runs takes none.

        Raises:
            UserError: They break a rule, or there is no such stage.
        """
        from sagetabular.settings import load_project  # with pydantic, a quarter of a second

        return load_project(self.root, self.stage)

    @property
    def home(self) -> Path:
        """Folder of everything that a local run makes."""
        return self.root / ".pipeline"

    @property
    def lake(self) -> Path:
        """The local lake, which replaces Athena's tables."""
        return self.home / "lake"


def chosen_stage(
    option: str | None = None, environment: Mapping[str, str] = os.environ
) -> str | None:
    """Return the stage that is asked for: by an option, else by the environment.

    Args:
        option: Its value, if it was given.
        environment: Variable → value.
    """
    return (environment.get(STAGE) or None) if option is None else option


def find_project(start: Path | None = None, stage: str | None = None) -> Project:
    """Find the project that `start`, or the working directory, lies in.

    Args:
        start: A folder in it.
        stage: That the project is looked at in.

    Raises:
        UserError: There is none, or it is made for another major version of this package.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / MARKER).is_file():
            check_version(folder)
            return Project(folder, stage)
    msg = f"{here}: neither it nor a folder above it holds {MARKER}."
    raise UserError(msg, "Change into the project's folder.")
