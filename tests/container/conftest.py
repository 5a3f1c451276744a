"""Images built on a machine without a daemon and without a registry, from a clean clone.

Needs root, Podman, Buildah, runc and mmdebstrap; `.ci/run` installs them. The base image is made
from Debian's packages, so its Python is Debian's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.baking import generate

PROGRAMS = ("podman", "buildah", "runc", "mmdebstrap", "git")
BASE = "localhost/python-slim:debian"
_CLI = "from sagetabular.cli import main; main()"
_CONTAINERS = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
netns = "host"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
_STORAGE = """
[storage]
driver = "overlay"
graphroot = "{folder}/graph"
runroot = "{folder}/run"
"""
_LEAVE_OUT = ("doc", "man", "locale")
_WEIGHT = (
    "cd /opt/venv/lib/python3*/site-packages && du -xsm /usr /opt/program && "
    "du -sm * | sort -rn | head -8"
)


@dataclass
class Workshop:
    """A project's clone, and the engines' own storage and settings."""

    project: Path
    environment: Mapping[str, str]
    images: dict[str, str] = field(default_factory=dict)
    table: list[str] = field(default_factory=list)

    def run(self, *command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the clone, with the engines' settings."""
        return subprocess.run(
            command,
            cwd=self.project,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            text=True,
            timeout=600,
            check=False,
        )

    def build(self, engine: str, *targets: str) -> tuple[list[str], float]:
        """Run `pipeline image build`; return the images' names and the seconds that it took."""
        words = [f"--target={target}" for target in targets]
        # A build server's own certificates and resolver are no part of the image.
        local = ["--pull-never", "--network=host", "-v=/etc/ssl/certs:/etc/ssl/certs:ro"]
        cached = ["--layers"] if engine == "buildah" else []
        options = ["--", *local, *cached, f"--build-arg=BASE={BASE}"]
        started = time.monotonic()
        ended = self.run(
            sys.executable, "-c", _CLI, "image", "build", f"--engine={engine}", *words, *options
        )
        assert ended.returncode == 0
        return ended.stdout.split(), time.monotonic() - started

    def megabytes(self, image: str) -> float:
        """Size of an image, unpacked."""
        report = self.run("podman", "inspect", "--type=image", image).stdout
        return float(json.loads(report)[0]["Size"]) / 1e6


@pytest.fixture(scope="session")
def workshop(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Make the base image, and clone a new project."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.fail(f"These tests need {', '.join(missing)}: install them as .ci/run does.")
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "containers.conf").write_text(_CONTAINERS)
    (folder / "storage.conf").write_text(_STORAGE.format(folder=folder))
    project = _clone(generate(template, folder / "output", {}), folder / "clone")
    settings = {
        "CONTAINERS_CONF": f"{folder}/containers.conf",
        "CONTAINERS_STORAGE_CONF": f"{folder}/storage.conf",
        "BUILDAH_ISOLATION": "chroot",
        "PYTHONPATH": str(project),
    }
    workshop = Workshop(project, os.environ | settings)
    _make_base(workshop, folder / "base.tar")
    yield workshop
    workshop.run("podman", "system", "reset", "--force")


def _clone(project: Path, clone: Path) -> Path:
    """Commit a project and clone it: nothing that git ignores may be needed."""
    git = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "Start"]):
        subprocess.run([*git, *arguments], cwd=project, check=True)
    subprocess.run(["git", "clone", "-q", project, clone], check=True)
    return clone


def _make_base(workshop: Workshop, archive: Path) -> None:
    leave_out = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _LEAVE_OUT]
    packages = "--include=python3,python3-venv,ca-certificates"
    made = workshop.run(
        *("mmdebstrap", "-q", "--variant=minbase", packages), *leave_out, "bookworm", archive
    )
    assert made.returncode == 0
    assert workshop.run("podman", "import", "-q", archive, BASE).returncode == 0
    archive.unlink()


@pytest.fixture(scope="session")
def images(workshop: Workshop) -> dict[str, str]:
    """Build both targets once, and note what they weigh."""
    for target in ("model", "jobs"):
        (name,), seconds = workshop.build("podman", target)
        workshop.images[target] = name
        size = workshop.megabytes(name)
        workshop.table.append(f"{name}: {size:.0f} MB, built in {seconds:.0f} s")
        weight = workshop.run(
            *("podman", "run", "--rm", "--no-healthcheck", name, "sh", "-c", _WEIGHT)
        )
        parts = [" ".join(line.split()[::-1]) for line in weight.stdout.splitlines()]
        workshop.table.append("    " + ", ".join(f"{part} MB" for part in parts))
    return workshop.images


_TABLE: list[str] = []


@pytest.fixture(scope="session", autouse=True)
def _keep_table(workshop: Workshop) -> Iterator[None]:
    yield
    _TABLE.extend(workshop.table)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the sizes, whatever became of the tests."""
    terminalreporter.section("images")
    terminalreporter.write_line("\n".join(_TABLE))
