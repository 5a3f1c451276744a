"""Names of hyperparameters that a model does not take, as programs declare them and jobs refuse."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xgboost
from models.decision_tree import model as decision_tree
from models.xgboost import model as boosting
from sklearn.tree import DecisionTreeRegressor

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.models.refusals import check_names, declared_by, declared_in, refusals

PLACE = "models/xgboost/model.yaml"


@pytest.mark.parametrize("code", [boosting, decision_tree], ids=lambda code: code.__name__)
def test_what_is_read_is_what_an_import_gives(code) -> None:
    source = Path(code.__file__).read_text(encoding="utf-8")
    assert declared_in(source) == declared_by(code) is not None


@pytest.mark.parametrize(
    "source",
    ["", "def fit(", "x = 1", "HYPERPARAMETERS = names()", "def f():\n    HYPERPARAMETERS = (1,)"],
)
def test_a_program_need_not_declare_anything(source: str) -> None:
    assert declared_in(source) is None


def test_the_tree_s_names_are_those_of_scikit_learn() -> None:
    assert {*decision_tree.HYPERPARAMETERS} == {*DecisionTreeRegressor().get_params()}


# What makes XGBoost use a name; the rest needs nothing.
DART = ("sample_type", "normalize_type", "rate_drop", "one_drop", "skip_drop")
USED_WITH = {
    **{name: {"booster": "dart"} for name in DART},
    "tweedie_variance_power": {"objective": "reg:tweedie"},
    "huber_slope": {"objective": "reg:pseudohubererror"},
    "quantile_alpha": {"objective": "reg:quantileerror", "quantile_alpha": 0.5},
}


@pytest.mark.parametrize("name", sorted({*boosting.HYPERPARAMETERS} - boosting.UNCONFIGURED))
def test_xgboost_s_names_are_those_that_it_uses(name: str) -> None:
    """Its own word: the configuration of a booster with which the name makes sense."""
    rows = np.random.default_rng(0).uniform(1, 2, size=(40, 2))
    data = xgboost.QuantileDMatrix(rows, rows[:, 0])
    assert f'"{name}"' in xgboost.train(USED_WITH.get(name, {}), data, 1).save_config()


HARMLESS = {"num_round": 5, "eta": 0.3, "max_depth": 3}
USELESS = {
    "n_estimators": "Did you mean 'num_round'?",
    "num_boost_round": "Did you mean 'num_round'?",
    "max_dept": "Did you mean 'max_depth'?",
    "maxdepth": "Did you mean 'max_depth'?",
    "sub_sample": "Did you mean 'subsample'?",
    "colsample_by_tree": "Did you mean 'colsample_bytree'?",
    "learning_rte": "Did you mean 'learning_rate'?",
    "min_child_weigth": "Did you mean 'min_child_weight'?",
    "reg_lamda": "Did you mean 'reg_lambda'?",
    "gama": "Did you mean 'gamma'?",
    "seed": "",
    "nthread": "",
    "random_state": "",
    "n_jobs": "",
}


@pytest.mark.parametrize("name", USELESS)
def test_a_name_without_effect_is_refused_before_anything_is_fitted(name: str) -> None:
    with pytest.raises(JobError) as caught:
        check_names(boosting, {**HARMLESS, name: 1}, PLACE)
    rule, remedy = str(caught.value).splitlines()
    assert rule == f"{PLACE}: {name!r} is no hyperparameter of model.py."
    assert remedy.startswith(USELESS[name])


def test_a_name_that_is_needed_is_not_a_key_error() -> None:
    with pytest.raises(JobError) as caught:
        check_names(boosting, {"eta": 0.3}, PLACE)
    assert str(caught.value).splitlines() == [
        f"{PLACE}: the hyperparameter 'num_round', which model.py needs, has no value.",
        "Add num_round under hyperparameters, or under tuning.ranges.",
    ]


def test_a_model_that_declares_nothing_is_asked_nothing() -> None:
    check_names(SimpleNamespace(), {"whatever": 1}, PLACE)


@pytest.mark.parametrize(
    ("given", "unused"),
    [({"rate_drop": 0.1}, "rate_drop"), ({"huber_slope": 2.0, "eta": 0.1}, "huber_slope")],
)
def test_a_known_name_without_effect_beside_the_others_is_refused(given, unused) -> None:
    features = pd.DataFrame({"a": np.arange(50.0)})
    given = {"num_round": 3, **given}
    with pytest.raises(JobError) as caught, refusals("xgboost", given):
        boosting.fit(features, features["a"], given, 1)
    rule, remedy = str(caught.value).splitlines()
    assert rule.startswith(f"{PLACE}: the model refuses hyperparameters or data: XGBoost does not")
    assert unused in rule
    assert "num_round" in remedy


@pytest.mark.parametrize("code", [boosting, decision_tree], ids=lambda code: code.__name__)
def test_a_value_that_a_library_refuses_is_two_lines(code, capsys) -> None:
    features = pd.DataFrame({"a": np.arange(50.0)})
    given = {"num_round": 3} if code is boosting else {}
    with pytest.raises(JobError) as caught, refusals("m", given):
        code.fit(features, features["a"], {**given, "max_depth": -3}, 1)
    rule, _ = str(caught.value).splitlines()
    assert rule.startswith("models/m/model.yaml: the model refuses hyperparameters or data: ")
    assert "max_depth" in rule
    assert "Traceback" in capsys.readouterr().err
