"""Each common check, proved by a fault that it alone catches (or it and those that are named)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from faults import FAULTS
from sound_model import SETTINGS, Fault, plant_model

from sagetabular.model_checks import CHECKS, Outcome, check_model, open_subject, run_check, title
from sagetabular.model_checks.hyperparameters import ends, middle
from sagetabular.settings import Model

pytestmark = pytest.mark.slow

MODEL = Model.model_validate(SETTINGS)
# These start a process, so they run for the faults that they are there for.
SLOW = {title(check) for check in CHECKS if "process" in title(check)}


@pytest.fixture(autouse=True)
def nothing_is_left_behind(monkeypatch, tmp_path: Path) -> None:
    """Faulty models write where they should not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def failures(root: Path, planted: Fault) -> set[str]:
    plant_model(root, planted)
    wanted = [
        check for check in CHECKS if title(check) not in SLOW or title(check) in planted.caught_by
    ]
    with open_subject(root, "planted", middle(MODEL), ends(MODEL)) as subject:
        if run_check(wanted[0], subject).status == "failed":  # what all others build on
            return {title(wanted[0])}
        outcomes = [run_check(check, subject) for check in wanted[1:]]
    return {outcome.check for outcome in outcomes if outcome.status == "failed"}


def outcomes_of(root: Path) -> list[Outcome]:
    return list(check_model(root, "planted", MODEL))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_by_its_check_and_by_no_other(tmp_path: Path, name: str) -> None:
    assert failures(tmp_path, FAULTS[name]) == FAULTS[name].caught_by


def test_every_check_is_proved_by_a_fault() -> None:
    assert {check for planted in FAULTS.values() for check in planted.caught_by} == {
        title(check) for check in CHECKS
    }


def test_the_model_without_a_fault_passes_them_all(tmp_path: Path) -> None:
    plant_model(tmp_path)
    outcomes = outcomes_of(tmp_path)
    assert [outcome for outcome in outcomes if outcome.status != "ok"] == []
    assert len(outcomes) == len(CHECKS) + 1


MISSING = "No module named 'nothing_of_this_name'"
UNUSABLE = {
    "def fit(": "SyntaxError: '(' was never closed (models/planted/model.py:1)",
    "import nothing_of_this_name": f"ModuleNotFoundError: {MISSING} (models/planted/model.py:1)",
    "raise SystemExit(3)": "SystemExit: 3 (models/planted/model.py:1)",
    "x = 1": "model.py has no function fit",
    "fit = 1": "model.py has no function fit",
    "def fit(features, target): ...": (
        "fit must take features, target, hyperparameters, seed: "
        "TypeError: too many positional arguments"
    ),
}


@pytest.mark.parametrize(("code", "reason"), UNUSABLE.items(), ids=UNUSABLE)
def test_code_that_cannot_be_used_fails_once_and_the_rest_is_not_run(
    tmp_path: Path, code: str, reason: str
) -> None:
    (plant_model(tmp_path) / "model.py").write_text(code)
    first, *others = outcomes_of(tmp_path)
    assert (first.status, first.reason) == ("failed", reason)
    assert {outcome.status for outcome in others} == {"not run"}
    assert len(others) == len(CHECKS)


def test_what_model_code_raises_is_told_with_its_line_and_traceback(tmp_path: Path) -> None:
    file = plant_model(tmp_path) / "model.py"
    file.write_text(file.read_text().replace("    return found\n", "    return found['x']\n"))
    line = file.read_text().splitlines().index("    return found['x']") + 1
    _, first, *others = outcomes_of(tmp_path)
    assert first.status == "failed"
    assert first.reason.startswith("IndexError: only integers, slices")
    assert first.reason.endswith(f"(models/planted/model.py:{line})")
    assert "Traceback" in first.details
    assert "return found['x']" in first.details
    assert {outcome.status for outcome in others} == {"not run"}


def test_a_project_s_own_model_is_checked_whatever_was_imported_before(tmp_path: Path) -> None:
    for folder, code in (("one", "VALUE = 1\n"), ("two", "VALUE = 2\n")):
        model = plant_model(tmp_path / folder)
        (model / "helper.py").write_text(code)
        with (model / "model.py").open("a") as file:
            file.write("\nfrom models.planted.helper import VALUE\n")
        with open_subject(tmp_path / folder, "planted", middle(MODEL), ends(MODEL)) as subject:
            assert code == f"VALUE = {subject.code.VALUE}\n"
