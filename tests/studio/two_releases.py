"""A template with two releases, and a project of the first: what updates are tested with."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.baking import DEFAULTS, TEMPLATE
from tests.releases import clone, edit, git, make_release, next_version, start_repository

ADDRESS = "https://git.example.com/org/template.git"
NAMED = "AGENTS.md"
# What each of both releases changes of it, and the line of the changelog.
LINE = "For people and agents."
NEW_LINE = "For agents, and for people."
FIRST_NEWS, SECOND_NEWS = "The first of two.", f"{NAMED} says it the other way round."
_LICENSED = ("LICENSE", "README.md", "pyproject.toml")


@dataclass(frozen=True)
class Place:
    """A repository as the seed knows it; also its answers."""

    url: str
    source_control: str = "github"
    repository: str = "org/housing"
    branch: str = "main"
    aws_region: str = "eu-west-1"
    project_slug: str = DEFAULTS["project_slug"]

    @property
    def bare(self) -> Path:
        """Its folder."""
        return Path(self.url.removeprefix("file://"))


@dataclass(frozen=True)
class Release:
    """A bundle as the seed knows it."""

    release: str
    commit: str
    clone: Path
    template: str = ADDRESS

    @property
    def branch(self) -> str:
        """On which it is offered."""
        return f"template-{self.release}"


@dataclass(frozen=True)
class History:
    """A template with two releases.

    Attributes:
        template: A git repository, at the second.
        first: Bundle of the first.
        second: Bundle of the second.
        project: A git repository: what cruft made of the first, one commit.
    """

    template: Path
    first: Release
    second: Release
    project: Path


def run_cruft(template: Path, folder: Path, *words: str) -> None:
    """Run cruft as a person does, who reaches the template by its address."""
    mapped = {"GIT_CONFIG_KEY_0": f"url.{template}.insteadOf", "GIT_CONFIG_VALUE_0": ADDRESS}
    home = {"HOME": str(folder.parent), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "1"}
    ended = subprocess.run(
        [sys.executable, "-m", "cruft", *words],
        cwd=folder,
        env={**os.environ, **home, **mapped},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def make_history(template: Path, folder: Path) -> History:
    """Make both releases; the first asks nothing about the license."""
    source = clone(template, folder / "template")
    questions = source / "cookiecutter.json"
    asked = questions.read_text(encoding="utf-8")
    fewer = json.loads(asked)
    del fewer["license"], fewer["__prompts__"]["license"]
    questions.write_text(json.dumps({**fewer, "__license": "MIT-0"}), encoding="utf-8")
    for name in _LICENSED:
        file = source / TEMPLATE / name
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("cookiecutter.license", "cookiecutter.__license"))
    first = _release(source, folder / "first", FIRST_NEWS)
    run_cruft(source, folder, "create", ADDRESS, "--checkout", first.commit, "--no-input")
    project = start_repository(folder / DEFAULTS["project_slug"])

    edit(source / TEMPLATE / NAMED, LINE, NEW_LINE)
    questions.write_text(asked, encoding="utf-8")
    for name in _LICENSED[:2]:
        shutil.copy(template / TEMPLATE / name, source / TEMPLATE / name)
    pyproject = source / TEMPLATE / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(text.replace("cookiecutter.__license", "cookiecutter.license"))
    return History(source, first, _release(source, folder / "second", SECOND_NEWS), project)


def _release(source: Path, folder: Path, line: str) -> Release:
    """Make a release, and clone the template at it, as the seed does from the bundle."""
    version = next_version(source)
    make_release(source, version, line)
    head = git(source, "rev-parse", "HEAD")
    git(folder.parent, "clone", "--quiet", str(source), folder.name)
    git(folder, "checkout", "--quiet", head)
    return Release(version, head, folder)


def refs(place: Place) -> dict[str, str]:
    """Return ref → object of a bare repository."""
    lines = git(place.bare, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(re.split(" ", line) for line in lines)
