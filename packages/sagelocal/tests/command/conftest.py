"""The command, called in a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sagelocal import ExecutionRecord, LocalSageMaker
from sagelocal.cli import main


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Ended]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("SAGELOCAL_HOME", raising=False)
    return tmp_path / "here"


@pytest.fixture
def sagelocal(folder: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run the command and return how it ended."""

    def run(*arguments: str) -> Ended:
        capfd.readouterr()
        try:
            code = main(arguments)
        except SystemExit as end:  # --help and --version
            code = int(end.code or 0)
        return Ended(code, *capfd.readouterr())

    return run


@pytest.fixture
def save(folder: Path, build):
    """Write a definition of some steps; return the name of its file."""

    def write(*steps: Any, name: str = "definition.json", **rest: Any) -> str:
        (folder / name).write_bytes(build.definition(*steps, **rest))
        return name

    return write


@pytest.fixture
def latest(folder: Path) -> Callable[[], ExecutionRecord]:
    return lambda: LocalSageMaker(folder / ".sagelocal").executions()[0]
