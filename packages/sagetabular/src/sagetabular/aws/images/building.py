"""The project's images: named by what is in them.

A name carries no commit and no version: an image that did not change keeps its name, and so its
digest in the registry. A new digest would make SageMaker repeat every step that runs in it.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.assets.image import image_files
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sagetabular.aws.images.engines import Engine
    from sagetabular.project import Project

# Target of container/Dockerfile → pipeline parameter that takes the image's address.
PARAMETERS = {"model": "ImageUri", "jobs": "JobsImageUri"}
DOCKERFILE = "container/Dockerfile"
# SageMaker's instance types that the pipeline names are of this kind, whatever builds the image.
PLATFORM = "linux/amd64"
MIRROR = "PIP_INDEX_URL"
_TAG_LENGTH = 20
# The wheels' lines in a lock: what an image takes of them is counted file by file.
_OWN_LINES = re.compile(r"^sagetabular==.*\\\n(?:[ ]+--hash=.*\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Image:
    """One image of a project.

    Attributes:
        target: Stage of the Dockerfile.
        repository: Its name without registry and tag.
        tag: A hash of what is in it.
    """

    target: str
    repository: str
    tag: str

    @property
    def name(self) -> str:
        """Its name on this machine."""
        return f"{self.repository}:{self.tag}"


def image_of(project: Project, target: str) -> Image:
    """Name an image after the project and what it is made of.

    Raises:
        UserError: A file that it is made of is missing.
    """
    digest = hashlib.sha256()
    for label, content in sorted(_content(project.root, target)):
        digest.update(f"{label}\0{len(content)}\0".encode() + content)
    return Image(target, repository_of(project, target), digest.hexdigest()[:_TAG_LENGTH])


def repository_of(project: Project, target: str) -> str:
    """Return the repository of an image: with a stage, the one that `build.yaml` makes."""
    name = project.settings.pipeline.name
    if project.stage:
        return f"sagemaker-{name}-{project.stage}/{target}"
    return name if target == "model" else f"{name}-{target}"


def _content(root: Path, target: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of all that an image is made of, as `.dockerignore` lets it pass."""
    yield "target", target.encode()
    yield DOCKERFILE, _read(root, DOCKERFILE)
    yield "container/strip.sh", _read(root, "container/strip.sh")
    lock = _read(root, f"container/{target}.lock").decode()
    yield "lock", _OWN_LINES.sub("", lock).encode()
    if target != "model":  # the others hold libraries, and each step brings its code
        return
    for program in ("container/train", "container/serve"):
        yield program, _read(root, program)
    yield from image_files().items()
    for file in sorted((root / "models").rglob("*")):
        path = file.relative_to(root)
        if file.is_file() and "__pycache__" not in path.parts:
            yield path.as_posix(), file.read_bytes()


def _read(root: Path, name: str) -> bytes:
    try:
        return (root / name).read_bytes()
    except OSError as err:
        msg = f"{name} must be a file that an image is made of, got: {err.strerror}."
        raise UserError(msg, "Restore it from git.") from err


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
    # By name alone: the engine takes the value, which may hold a password, from the environment.
    mirror = ("--build-arg", MIRROR) if os.environ.get(MIRROR) else ()
    named = ("--build-arg", f"TITLE={image.repository}")
    file = ("--file", str(project.root / DOCKERFILE), "--platform", PLATFORM)
    words = ("--target", image.target, "--tag", image.name)
    engine.build(project.root, [*file, *words, *named, *mirror, *options])
