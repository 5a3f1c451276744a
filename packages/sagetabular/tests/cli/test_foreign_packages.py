"""Packages elsewhere that are called as folders of the project are."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sagetabular.testing import run_small

NAMES = ("pipelines", "models", "conf", "queries", "tests", "notebooks")


@pytest.fixture
def foreign(tmp_path):
    """A folder of packages that must not be imported."""
    for name in NAMES:
        (tmp_path / "foreign" / name).mkdir(parents=True)
        (tmp_path / "foreign" / name / "__init__.py").write_text(f"raise ImportError('{name}')\n")
    return tmp_path / "foreign"


@pytest.mark.slow
@pytest.mark.parametrize("command", [["compile"], ["model", "check", "decision_tree"], ["doctor"]])
def test_a_command_finds_the_projects_own(project_root, foreign, command):
    path = [str(foreign), *filter(None, sys.path)]
    ended = subprocess.run(
        [sys.executable, "-c", "from sagetabular.cli import main; main()", *command],
        cwd=project_root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = ended.stdout + ended.stderr
    assert "ImportError" not in said and "Traceback" not in said
    assert ended.returncode == 0 or command == ["doctor"], said


@pytest.mark.slow
def test_a_run_finds_the_projects_own(project_root, foreign, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(foreign))
    monkeypatch.syspath_prepend(str(foreign))
    assert run_small(project_root, tmp_path / "copy").status == "Succeeded"
