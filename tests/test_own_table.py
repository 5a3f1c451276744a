"""From nothing to a registered model on a table of one's own: two commands, and no editor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.datasets import load_wine

from tests.conftest import Bake

PIPELINE = Path(sys.executable).with_name("pipeline")


def make(project: Path, program: Path | str, *words: str, **variables: str) -> str:
    """Call `make run` in a project whose environment is this one."""
    private = ("AWS_", "MAKE", "MFLAGS", "FILE", "TARGET", "ARGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(private)}
    ended = subprocess.run(
        ["make", "-s", "-o", "setup", "run", f"PIPELINE={program}", *words],
        cwd=project,
        env=kept | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr if program == "echo" else ended.stdout


def test_make_begins_with_the_file_that_it_is_given(default_project: Path) -> None:
    lines = make(default_project, "echo", "FILE=my table.csv", "TARGET=the price").splitlines()
    assert sorted(lines) == ["init my table.csv --target the price --yes", "run"]


def test_a_variable_of_the_shell_is_no_file(default_project: Path) -> None:
    lines = make(default_project, "echo", FILE="something.csv").splitlines()
    assert sorted(lines) == ["data sample --if-empty --offer", "run"]


@pytest.mark.slow
def test_two_commands_register_a_model_of_wines(bake: Bake, tmp_path: Path) -> None:
    """The wines of scikit-learn: 178 rows, 13 columns, three classes of 59, 71 and 48."""
    wine = tmp_path / "wine.csv"
    load_wine(as_frame=True).frame.to_csv(wine, index=False)
    project = bake()  # the first command
    arguments = "ARGS=--set MaxTrainingJobs=1 --set MaxParallelTrainingJobs=1 --json"
    result = json.loads(make(project, PIPELINE, f"FILE={wine}", "TARGET=target", arguments))
    assert result["status"] == "Succeeded"
    assert (result["task"], result["metric"]) == ("multiclass", "accuracy")
    assert result["model_package"]
    assert result["score"] > 0.8  # the commonest class has 40 % of the rows
