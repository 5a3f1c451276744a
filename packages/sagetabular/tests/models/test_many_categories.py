"""Columns of very many categories: memory grows with the rows, not with their square."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from models.decision_tree import model as decision_tree
from models.xgboost import model as boosting

MODELS = pytest.mark.parametrize("code", [boosting, decision_tree], ids=["xgboost", "tree"])
HYPERPARAMETERS = {boosting: {"num_round": 20, "max_depth": 3}, decision_tree: {"max_depth": 4}}
MOST = 255


def make_rows(rows: int, categories: int) -> tuple[pd.DataFrame, pd.Series]:
    """A number, and text of which the first category is by far the most frequent."""
    generator = np.random.default_rng(0)
    numbers = np.where(generator.random(rows) < 0.3, 0, np.arange(rows) % categories)
    text = pd.Series([f"{number} High Street" for number in numbers], dtype=object)
    features = pd.DataFrame({"size": generator.normal(size=rows), "address": text})
    return features, features["size"] + 5.0 * (numbers == 0)


def encoded(code, features: pd.DataFrame, target: pd.Series) -> np.ndarray:
    prepared = code.prepare(features, target)
    return prepared.rows if code is boosting else prepared.encoded


@MODELS
def test_up_to_the_limit_the_encoding_is_the_plain_one(code) -> None:
    features, target = make_rows(4000, MOST)
    dummies = pd.get_dummies(features["address"]).to_numpy(dtype=float)
    found = encoded(code, features, target)
    indicators = found[:, 1:] if code is boosting else found[:, :-1]
    assert dummies.shape[1] == MOST
    np.testing.assert_array_equal(indicators, dummies)


@MODELS
@pytest.mark.parametrize("rows", [1000, 2000, 4000])
def test_above_it_the_columns_stay_as_many(code, rows: int) -> None:
    found = encoded(code, *make_rows(rows, rows))
    assert found.shape == (rows, 1 + MOST + (code is decision_tree))


@MODELS
def test_the_most_frequent_are_told_apart(code) -> None:
    features, target = make_rows(2000, 2000)
    model = code.fit(features, target, HYPERPARAMETERS[code], 1)
    asked = pd.DataFrame(
        {"size": [0.0] * 4, "address": ["0 High Street", "1999 High Street", "never seen", None]}
    )
    known, *others = code.predict(model, asked)
    assert known - max(others) > 3
    assert len({*others}) == 1
    shares = code.importance(model)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["address"] > 0.5


@MODELS
def test_a_saved_model_predicts_the_same(code, tmp_path) -> None:
    features, target = make_rows(600, 600)
    model = code.fit(features, target, HYPERPARAMETERS[code], 1)
    code.save(model, tmp_path)
    np.testing.assert_array_equal(
        code.predict(code.load(tmp_path), features), code.predict(model, features)
    )
