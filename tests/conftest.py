"""Fixtures: the repository without junk, projects generated from it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.baking import copy_repository, generate

Bake = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def heard_signals() -> None:
    """Hear Ctrl-C and hang-ups: what a shell or nohup runs in the background is deaf to them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the repository as a fresh clone has it."""
    return copy_repository(tmp_path_factory.mktemp("template") / "repository")


@pytest.fixture
def bake(template: Path, tmp_path: Path) -> Bake:
    """Return a function that generates a project from answers and returns its folder."""

    def from_answers(**answers: str) -> Path:
        return generate(template, tmp_path / "output", answers)

    return from_answers


@pytest.fixture(scope="session")
def default_project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate one project with default answers, for tests that only read it."""
    return generate(template, tmp_path_factory.mktemp("default") / "output", {})


@pytest.fixture(scope="session")
def full_project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate one project with infrastructure, for tests that only read it."""
    return generate(
        template, tmp_path_factory.mktemp("full") / "output", {"infrastructure": "full"}
    )
