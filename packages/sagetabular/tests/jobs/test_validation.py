"""Cross-validation: equal to scikit-learn's, and without a way for a fold to see another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score
from sklearn.model_selection import PredefinedSplit, cross_val_score
from sklearn.tree import DecisionTreeRegressor

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.models.hyperparameters import TrainingSettings, load_model_code
from sagetabular.jobs.rows.splitting import Splitter
from sagetabular.jobs.trials.validation import FoldResult, Folds, cross_validate, out_of_fold


def make_table(rows: int = 900, seed: int = 4, folds: int = 5) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    table = pd.DataFrame(generator.normal(size=(rows, 3)), columns=["a", "b", "c"])
    table["y"] = table["a"] ** 2 + table["b"] + generator.normal(scale=0.3, size=rows)
    return table.assign(_fold=Splitter("random", "y", seed).folds(table, folds))


def make_settings(model: str = "decision_tree", forward: bool = False, **values: object):
    return TrainingSettings(model, "y", seed=9, forward=forward, hyperparameters=values)


def validate(code, table: pd.DataFrame, settings: TrainingSettings) -> list[FoldResult]:
    return list(cross_validate(code, Folds(code, table, settings), settings))


class MeanByTown:
    """A target encoder with shrinkage: it shows at once whether a fold saw its own rows."""

    def fit(self, features, target, _hyperparameters, _seed):
        sums = target.groupby(features["town"]).agg(["sum", "count"])
        mean = target.mean()
        return mean, (sums["sum"] + 20 * mean) / (sums["count"] + 20)

    def predict(self, model, features):
        mean, by_town = model
        return features["town"].map(by_town).fillna(mean).to_numpy()


def test_fold_scores_equal_those_of_scikit_learn() -> None:
    table = make_table()
    settings = make_settings(min_samples_leaf=7, max_depth=6)
    results = validate(load_model_code("decision_tree"), table, settings)
    expected = cross_val_score(
        DecisionTreeRegressor(min_samples_leaf=7, max_depth=6, random_state=9),
        table[["a", "b", "c"]],
        table["y"],
        cv=PredefinedSplit(table["_fold"]),
        scoring="r2",
    )
    np.testing.assert_allclose([one.scores["r2"] for one in results], expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_noise_scores_nothing(seed: int) -> None:
    generator = np.random.default_rng(seed)
    rows = 6000
    towns = generator.integers(0, rows // 3, rows).astype(str)
    table = pd.DataFrame({"town": towns, "y": generator.normal(size=rows)})
    table["_fold"] = Splitter("random", "y", seed).folds(table, 5)
    results = validate(MeanByTown(), table, make_settings())
    assert abs(np.mean([one.scores["r2"] for one in results])) < 0.02
    leaked = MeanByTown()
    seen = leaked.predict(leaked.fit(table[["town"]], table["y"], {}, 0), table)
    assert r2_score(table["y"], seen) > 0.05, "the column must be able to leak"


def test_every_row_is_predicted_once_by_a_model_that_did_not_see_it() -> None:
    table = make_table()
    calls: list[set[float]] = []

    class Spy(MeanByTown):
        def fit(self, features, target, _hyperparameters, _seed):
            calls.append(set(features["a"]))
            return set(features["a"])

        def predict(self, model, features):
            assert not model & set(features["a"])
            return np.linspace(0, 1, len(features))

    results = validate(Spy(), table, make_settings())
    predictions = out_of_fold(results, table["y"])
    assert sorted(predictions["row"]) == list(range(len(table)))
    assert (predictions["fold"].to_numpy() == table["_fold"].to_numpy()[predictions["row"]]).all()
    assert len(calls) == 5


def test_folds_in_time_are_trained_on_what_lies_before_them() -> None:
    table = make_table()
    table["_fold"] = np.arange(len(table)) * 4 // len(table) - 1
    seen: dict[int, int] = {}

    class Spy(MeanByTown):
        def fit(self, features, target, _hyperparameters, _seed):
            return len(features)

        def predict(self, model, features):
            seen[model] = len(features)
            return np.linspace(0, 1, len(features))

    validate(Spy(), table, make_settings(forward=True))
    assert seen == {225: 225, 450: 225, 675: 225}


def test_the_number_of_cores_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = []
    for cores in ("1", "2", "5"):
        monkeypatch.setenv("SM_NUM_CPUS", cores)
        settings = make_settings("xgboost", num_round=20, subsample=0.7, eta=0.3)
        results = validate(load_model_code("xgboost"), make_table(), settings)
        scores.append([one.scores for one in results])
    assert scores[0] == scores[1] == scores[2]


def test_predictions_that_are_not_finite_fail_the_trial() -> None:
    class Broken(MeanByTown):
        def fit(self, features, target, _hyperparameters, _seed):
            return None

        def predict(self, model, features):
            return np.full(len(features), np.nan)

    with pytest.raises(JobError, match=r"models/decision_tree/model.yaml: fold \d: predictions"):
        validate(Broken(), make_table(), make_settings())


def test_results_come_in_the_order_of_the_folds_and_of_those_alone_that_were_asked_for(
    monkeypatch,
) -> None:
    monkeypatch.setenv("SM_NUM_CPUS", "3")
    code, table, settings = load_model_code("decision_tree"), make_table(), make_settings()
    folds = Folds(code, table, settings)
    every = list(cross_validate(code, folds, settings))
    assert [one.fold for one in every] == [0, 1, 2, 3, 4]
    some = list(cross_validate(code, folds, settings, [1, 4]))
    assert [(one.fold, one.scores) for one in some] == [
        (one.fold, one.scores) for one in (every[1], every[4])
    ]


@pytest.mark.parametrize("model", ["decision_tree", "xgboost"])
def test_folds_prepared_once_give_every_setting_the_bits_it_has_alone(model: str) -> None:
    code, table = load_model_code(model), make_table()
    shared = dict(Folds(code, table, make_settings(model)))
    rounds = {"num_round": 9, "subsample": 0.6} if model == "xgboost" else {}
    for depth in (2, 7, 4, 2):
        settings = make_settings(model, max_depth=depth, **rounds)
        alone = cross_validate(code, Folds(code, table, settings), settings)
        together = cross_validate(code, shared, settings)
        for one, other in zip(alone, together, strict=True):
            assert one.scores == other.scores
            np.testing.assert_array_equal(one.predictions, other.predictions, strict=True)
