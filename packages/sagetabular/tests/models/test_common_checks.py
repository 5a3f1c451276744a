"""Every model of the template passes the suite of `pipeline model check`, for each task."""

from __future__ import annotations

import pytest
from projects import TEMPLATE

from sagetabular.model_checks import Asked, Check, checks_of, open_subject, title, weights
from sagetabular.model_checks.hyperparameters import ends, middle
from sagetabular.settings import load_project

MODELS = sorted(path.parent.name for path in TEMPLATE.glob("models/*/model.yaml"))
TASKS = ("regression", "binary", "multiclass")
CASES = [(task, check) for task in TASKS for check in checks_of(task)]


@pytest.fixture(scope="module")
def root(new_project, tmp_path_factory):
    return new_project(tmp_path_factory.mktemp("checked") / "project")


@pytest.fixture(scope="module", params=MODELS)
def subjects(request, root):
    """Opens the model for a task."""
    settings = load_project(root).models[request.param]

    def of(task):
        asked = Asked(task, weighted=True)
        return open_subject(root, request.param, middle(settings), ends(settings), asked)

    return of


def takes_long(task: str, check: Check) -> bool:
    """Whether it starts a process, or does for classes what is done for numbers too."""
    common = check in checks_of("regression") and check not in weights.CHECKS
    return "another process" in title(check) or (task != "regression" and common)


@pytest.mark.parametrize(
    ("task", "check"),
    [
        pytest.param(
            *case,
            id=f"{case[0]}: {title(case[1])}",
            marks=[pytest.mark.slow] if takes_long(*case) else [],
        )
        for case in CASES
    ],
)
def test_a_model_passes(subjects, task: str, check: Check) -> None:
    with subjects(task) as subject:
        check(subject)
