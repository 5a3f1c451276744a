"""What a new user does, with nothing but Python and make. It takes minutes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.baking import generate

pytestmark = pytest.mark.journey
Make = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def make(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return a function that calls make in a new project, with an empty home folder."""
    folder = tmp_path_factory.mktemp("journey")
    project = generate(template, folder / "output", {})
    private = ("AWS_", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONPYCACHEPREFIX", "UV_", "MAKE", "MFLAGS")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(private)}
    environment |= {"HOME": str(folder / "home")}
    (folder / "home").mkdir()

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            ["make", "-s", *arguments],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result

    return call


def test_a_new_project_is_set_up_once(make: Make) -> None:
    assert "Installing" in make("setup").stderr
    again = make("setup")
    assert again.stdout + again.stderr == ""


def test_a_new_project_registers_its_best_model(make: Make) -> None:
    report = json.loads(make("run", "ARGS=--json").stdout)
    assert report["status"] == "Succeeded"
    models = {model["name"]: model for model in report["models"]}
    assert set(models) == {"decision_tree", "xgboost"}
    assert report["winner"] == max(models, key=lambda name: float(models[name]["cv_r2"]))
    assert report["r2"] == models[report["winner"]]["test_r2"]
    assert report["model_package"]


def test_a_new_project_passes_its_own_tests_and_checks(make: Make) -> None:
    assert " passed" in make("test").stdout
    make("lint")
