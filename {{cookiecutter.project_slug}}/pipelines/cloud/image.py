"""The project's images: built from a commit, and named by it."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import UserError
from pipelines.project import MARKER
from pipelines.project.revision import CHANGED, UNKNOWN, commit_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.cloud.engines import Engine
    from pipelines.project import Project

# Target of container/Dockerfile → pipeline parameter that takes the image's address.
PARAMETERS = {"model": "ImageUri", "jobs": "JobsImageUri"}
DOCKERFILE = "container/Dockerfile"
# SageMaker's instance types that the pipeline names are of this kind, whatever builds the image.
PLATFORM = "linux/amd64"
MIRROR = "PIP_INDEX_URL"


@dataclass(frozen=True)
class Image:
    """One image of a project.

    Attributes:
        target: Stage of the Dockerfile.
        repository: Its name without registry and tag.
        tag: The commit, marked when files differed from it.
    """

    target: str
    repository: str
    tag: str

    @property
    def name(self) -> str:
        """Its name on this machine."""
        return f"{self.repository}:{self.tag}"


def image_of(project: Project, target: str) -> Image:
    """Name an image after project and commit; `none` is the tag outside of git."""
    name = project.settings.pipeline.name
    repository = name if target == "model" else f"{name}-{target}"
    return Image(target, repository, commit_of(project.root, MARKER))


def build(project: Project, image: Image, engine: Engine, options: Sequence[str] = ()) -> None:
    """Build an image.

    Args:
        project: The project.
        image: What to build.
        engine: What builds it.
        options: More options of the engine's `build`; they come last, so they win.

    Raises:
        UserError: The engine failed.
    """
    values = {
        "COMMIT": image.tag,
        "VERSION": _version(project),
        "TITLE": image.repository,
    }
    # By name alone: the engine takes the value, which may hold a password, from the environment.
    mirror = ("--build-arg", MIRROR) if os.environ.get(MIRROR) else ()
    named = [word for name, value in values.items() for word in ("--build-arg", f"{name}={value}")]
    file = ("--file", str(project.root / DOCKERFILE), "--platform", PLATFORM)
    words = ("--target", image.target, "--tag", image.name)
    engine.build(project.root, [*file, *words, *named, *mirror, *options])


def require_commit(image: Image) -> None:
    """Check that an image's tag says what is in it, since a pushed tag can never be changed.

    Raises:
        UserError: Files differ from the commit, or there is none.
    """
    if image.tag == UNKNOWN:
        msg = f"{image.name}: an image is pushed from a commit, got a folder outside of git."
        raise UserError(msg, "Run `git init`, commit, and build again.")
    if image.tag.endswith(CHANGED):
        msg = f"{image.name}: an image is pushed from a commit, got files that differ from it."
        raise UserError(msg, "Commit or stash them (`git status` lists them), and build again.")


def _version(project: Project) -> str:
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])
