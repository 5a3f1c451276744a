"""Every model of this project passes the suite of `pipeline model check`."""

from __future__ import annotations

import pytest
from projects import TEMPLATE

from sagetabular.model_checks import CHECKS, Check, Subject, open_subject, title
from sagetabular.model_checks.hyperparameters import ends, middle
from sagetabular.settings import load_project

MODELS = sorted(path.parent.name for path in TEMPLATE.glob("models/*/model.yaml"))


@pytest.fixture(scope="module", params=MODELS)
def subject(request, new_project, tmp_path_factory):
    root = new_project(tmp_path_factory.mktemp("checked") / "project")
    settings = load_project(root).models[request.param]
    with open_subject(root, request.param, middle(settings), ends(settings)) as found:
        yield found


def in_another_process(check: Check) -> bool:
    return "another process" in title(check)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(
            check, id=title(check), marks=[pytest.mark.slow] if in_another_process(check) else []
        )
        for check in CHECKS
    ],
)
def test_a_model_passes(subject: Subject, check: Check) -> None:
    check(subject)
