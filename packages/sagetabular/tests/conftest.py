"""Fixtures: projects that a test may change, and commands that run in them."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from dataclasses import dataclass

import pytest
from projects import Example, copy_project

from sagetabular.assets import code
from sagetabular.cli import main
from sagetabular.compiling import compilation


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def mistake(self) -> list[str]:
        """The rule and the remedy that a mistake of the user is answered with, and nothing else."""
        assert self.code == 2, self
        assert self.out == "", self
        lines = [line for line in self.err.splitlines() if not line.startswith("Running on this ")]
        assert len(lines) == 2, self
        return lines


@pytest.fixture(scope="session", autouse=True)
def heard_signals():
    """Hear Ctrl-C and hang-ups: what a shell or nohup runs in the background is deaf to them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def new_project():
    """Copies the template's project into a folder, for fixtures that outlive a test."""
    return copy_project


@pytest.fixture
def project_root(tmp_path):
    """A copy of the template's project that the test may change."""
    return copy_project(tmp_path / "project")


@pytest.fixture(scope="session")
def new_example():
    """Makes the small project in a folder, for fixtures that outlive a test."""
    return Example


@pytest.fixture
def example(tmp_path):
    """A small project that the test may change."""
    return Example(tmp_path / "example")


@pytest.fixture
def other_example(tmp_path):
    """The same small project in another folder."""
    return Example(tmp_path / "somewhere else" / "exämple")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory, new_example):
    """The small project, compiled once."""
    return new_example(tmp_path_factory.mktemp("session") / "example").compile()


@pytest.fixture
def definition(compiled):
    """Its definition, for the test to change."""
    return json.loads(compiled.definition)


@pytest.fixture
def pipeline(monkeypatch, capsys, example):
    """Run the `pipeline` command in the small project, through `main`, which sets exit codes."""

    def run(*arguments, folder=example.root):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["pipeline", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return Ended(exit_info.value.code or 0, printed.out, printed.err)

    return run


class Package:
    """A copy of this package's code, as the next release may have it."""

    def __init__(self, root) -> None:
        self.root = root

    def append(self, file, text) -> None:
        """Add text to the end of a file."""
        path = self.root / file
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
        code.package_files.cache_clear()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Let jobs be made of, and compilations depend on, a copy that the test may change."""
    root = tmp_path / "package"
    shutil.copytree(code.PACKAGE, root, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "PACKAGE", root)
    monkeypatch.setattr(compilation, "PACKAGE", root)
    code.package_files.cache_clear()
    yield Package(root)
    code.package_files.cache_clear()
