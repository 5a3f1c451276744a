"""What the default project has: the columns of its table, and a sample to begin with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.infrastructure.columns import glue_columns
from sagetabular.infrastructure.sample import sample_of
from sagetabular.project import Project
from studio.publishing.bundling.repository import git

if TYPE_CHECKING:
    from collections.abc import Sequence

_SAID = 300  # characters of what a program says last


@dataclass(frozen=True)
class Start:
    """What a project with default answers begins with.

    Attributes:
        columns: Of its table, as a Glue table has them.
        name: Of the sample's file.
        sample: Its content.
    """

    columns: Sequence[dict[str, Any]]
    name: str
    sample: bytes


def start_of(bundle: bytes) -> Start:
    """Generate the default project from a bundle of the template, and return what it begins with.

    Args:
        bundle: As `git_bundle` returns it.

    Returns:
        The same for the same commit.

    Raises:
        UserError: It cannot be generated, or nothing can be written for the time being.
    """
    try:
        with TemporaryDirectory(prefix="project-") as folder:
            return _start_in(bundle, Path(folder))
    except OSError as err:
        msg = f"A project must be generated in a temporary folder: {err.strerror}: {err.filename}."
        raise UserError(msg, "Free space there, or name a folder of yours in TMPDIR.") from err


def _start_in(bundle: bytes, folder: Path) -> Start:
    project = Project(_generated(bundle, folder))
    _run(project.root, "sagetabular.cli", "data", "sample")
    key, sample = sample_of(project)
    columns = glue_columns(project.settings.pipeline.data)
    return Start(columns, key.rpartition("/")[2], sample)


def _generated(bundle: bytes, folder: Path) -> Path:
    """Generate a project as the command line does, but leave the home folder alone."""
    (folder / "template.bundle").write_bytes(bundle)
    git(folder, "-c", "advice.detachedHead=false", "clone", "-q", "template.bundle", "template")
    places = {name: str(folder / name) for name in ("cookiecutters_dir", "replay_dir")}
    config, output = folder / "config.json", folder / "output"
    config.write_text(json.dumps(places), encoding="utf-8")
    options = ["--no-input", "--config-file", str(config), "--output-dir", str(output)]
    _run(folder, "cookiecutter", *options, str(folder / "template"))
    (project,) = output.iterdir()
    return project


def _run(folder: Path, module: str, *words: str) -> None:
    """Run a module of this environment in a folder; what it prints is of no interest.

    Raises:
        UserError: It fails.
    """
    variables = {name: text for name, text in os.environ.items() if not name.startswith("PIPELINE")}
    variables["PYTHONPATH"] = os.pathsep.join(sys.path)  # with this commit's packages
    command = [sys.executable, "-m", module, *words]
    ended = subprocess.run(  # noqa: S603  # words of ours
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        said = " ".join(f"{ended.stdout} {ended.stderr}".split())[-_SAID:]
        msg = f"The template must generate a project with a sample; {module} failed: {said}"
        raise UserError(msg, "Correct the template, until `make demo` succeeds.")
