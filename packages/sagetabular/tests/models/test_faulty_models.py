"""Each common check, proved by a fault that it alone catches (or it and those that are named)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from faults import FAULTS
from sound_classifier import CLASSIFIER, FAULTS_OF_CLASSES
from sound_model import SETTINGS, SOUND, Fault, plant_model

from sagetabular.model_checks import (
    Asked,
    Outcome,
    check_model,
    checks_of,
    open_subject,
    run_check,
    title,
    weights,
)
from sagetabular.model_checks.hyperparameters import ends, middle
from sagetabular.settings import Model

pytestmark = pytest.mark.slow

MODEL = Model.model_validate(SETTINGS)
# A project that asks for all there is.
NUMBERS, CLASSES = Asked("regression", weighted=True), Asked("multiclass", weighted=True)
CASES = [
    *(pytest.param(NUMBERS, SOUND, planted, id=name) for name, planted in FAULTS.items()),
    *(
        pytest.param(CLASSES, CLASSIFIER, planted, id=f"classes: {name}")
        for name, planted in FAULTS_OF_CLASSES.items()
    ),
]


@pytest.fixture(autouse=True)
def nothing_is_left_behind(monkeypatch, tmp_path: Path) -> None:
    """Faulty models write where they should not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def failures(root: Path, asked: Asked, planted: Fault) -> set[str]:
    """Run the checks; those that start a process, for the faults that they are there for."""
    first, *others = checks_of(asked.task)
    wanted = [
        check
        for check in others
        if "process" not in title(check) or title(check) in planted.caught_by
    ]
    with open_subject(root, "planted", middle(MODEL), ends(MODEL), asked) as subject:
        if run_check(first, subject).status == "failed":  # what all others build on
            return {title(first)}
        outcomes = [run_check(check, subject) for check in wanted]
    return {outcome.check for outcome in outcomes if outcome.status == "failed"}


def outcomes_of(root: Path, asked: Asked = NUMBERS) -> list[Outcome]:
    return list(check_model(root, "planted", MODEL, asked))


@pytest.mark.parametrize(("asked", "sound", "planted"), CASES)
def test_a_fault_is_told_by_its_check_and_by_no_other(
    tmp_path: Path, asked: Asked, sound: str, planted: Fault
) -> None:
    plant_model(tmp_path, planted, sound=sound)
    assert failures(tmp_path, asked, planted) == planted.caught_by


def test_every_check_is_proved_by_a_fault() -> None:
    proved = [*FAULTS.values(), *FAULTS_OF_CLASSES.values()]
    assert {check for planted in proved for check in planted.caught_by} == {
        title(check) for asked in (NUMBERS, CLASSES) for check in checks_of(asked.task)
    }


@pytest.mark.parametrize(
    ("asked", "sound"),
    [(NUMBERS, SOUND), (CLASSES, CLASSIFIER), (Asked("binary", weighted=True), CLASSIFIER)],
    ids=["numbers", "classes", "two classes"],
)
def test_the_model_without_a_fault_passes_them_all(
    tmp_path: Path, asked: Asked, sound: str
) -> None:
    plant_model(tmp_path, sound=sound)
    outcomes = outcomes_of(tmp_path, asked)
    assert [outcome for outcome in outcomes if outcome.status != "ok"] == []
    assert len(outcomes) == len(checks_of(asked.task)) + 1


def test_a_model_without_weights_is_well_where_no_row_has_one(tmp_path: Path) -> None:
    plant_model(tmp_path, FAULTS["no weights where the project has them"])
    with open_subject(tmp_path, "planted", middle(MODEL), ends(MODEL)) as subject:
        assert {run_check(check, subject).status for check in weights.CHECKS} == {"ok"}


def test_what_a_mapping_gives_for_the_project_s_columns_is_left_out() -> None:
    given = {"rising": {"income": 1, "other": 2}, "rounds": 3}
    model = Model.model_validate({**SETTINGS, "tuning": None, "hyperparameters": given})
    asked = Asked(columns=frozenset({"income"}))
    assert middle(model, asked) == {"rising": {"other": 2}, "rounds": 3}
    assert model.hyperparameters == given


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
    assert len(others) == len(checks_of("regression"))


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
