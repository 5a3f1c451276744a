"""A new project that is ready to run, to be copied by whoever disturbs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from projects import copy_project

Call = Callable[..., "subprocess.Popen[str]"]
CODE = "from sagetabular.cli import main; main()"


@pytest.fixture(scope="session")
def launch() -> Call:
    """Start the command line of a project, with its own code."""

    def start(project: Path, *arguments: str, before: tuple[str, ...] = ()):
        return subprocess.Popen(
            [*before, sys.executable, "-c", CODE, *arguments],
            cwd=project,
            env=os.environ | {"PYTHONPATH": str(project)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory, launch: Call) -> Path:
    """A project with its sample table and its compiled definition."""
    project = copy_project(tmp_path_factory.mktemp("ready") / "project")
    for command in (["data", "sample", "--rows", "600"], ["compile"]):
        process = launch(project, *command)
        assert process.communicate() and process.returncode == 0
    return project


@pytest.fixture
def project(ready: Path, tmp_path: Path) -> Path:
    """A copy that the test may disturb."""
    return Path(shutil.copytree(ready, tmp_path / "project"))
