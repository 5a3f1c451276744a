"""Commands, and a server that forks for them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from forks import run_and_read

from sagelocal.forking.launching import ForkLauncher
from sagelocal.jobs.containers import job_environment
from sagelocal.processes.commands import Command


@pytest.fixture
def command(tmp_path: Path):
    """Make a command that runs a program in a folder with a small package."""
    package = tmp_path / "code" / "pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "good.py").write_text("import json\n\nfrom . import name\n\nNAME = name.NAME\n")
    (package / "name.py").write_text("NAME = 'good'\n")
    (package / "asks.py").write_text("import a_library_nobody_has\n")
    (package / "fails.py").write_text("print('imported')\nraise RuntimeError('on purpose')\n")

    def make(code: str, *arguments: str, seconds: float | None = 30, **own: str) -> Command:
        program = package.parent / "program.py"
        program.write_text(code)
        environment = job_environment({"PYTHONPATH": str(package.parent), **own}, isolated=True)
        words = [sys.executable, str(program), *arguments]
        return Command(words, environment, program.parent, tmp_path / "logs" / "log", seconds)

    return make


@pytest.fixture
def fork():
    """Run a command as a trial and return its end and what it printed."""
    with ForkLauncher().for_trials("Tune") as trials:
        yield lambda job: run_and_read(trials, job)
