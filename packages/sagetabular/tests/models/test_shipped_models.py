"""Promises of the template's two models beyond the common checks."""

from __future__ import annotations

import numpy as np
import pytest

from sagetabular.jobs.evaluate import feature_importance
from sagetabular.model_checks import open_subject
from sagetabular.model_checks.hyperparameters import ends, middle
from sagetabular.model_checks.rows import TOWN, make_rows
from sagetabular.settings import load_project


@pytest.fixture(scope="module", params=["decision_tree", "xgboost"])
def subject(request, new_project, tmp_path_factory):
    root = new_project(tmp_path_factory.mktemp("shipped") / "project")
    settings = load_project(root).models[request.param]
    with open_subject(root, request.param, middle(settings), ends(settings)) as found:
        yield found


def test_a_shipped_model_learns(subject) -> None:
    known, new = make_rows(400), make_rows(200, seed=5)
    model = subject.fit(known)
    assert np.corrcoef(subject.predict(model, new[0]), new[1])[0, 1] > 0.5


def test_a_shipped_model_tells_which_columns_matter(subject) -> None:
    features, target = make_rows(400)
    features["constant"] = 1.0
    shares = feature_importance(subject.code, subject.fit((features, target)))
    assert shares is not None
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["constant"] == 0
    assert min(shares[name] for name in ("size", "rooms", TOWN)) > 0.1
    assert list(shares.values()) == sorted(shares.values(), reverse=True)


def test_a_shipped_model_that_could_learn_nothing_says_so(subject) -> None:
    features, target = make_rows()
    constant = features[[]].assign(constant=1.0)
    assert feature_importance(subject.code, subject.fit((constant, target))) == {"constant": 0}
