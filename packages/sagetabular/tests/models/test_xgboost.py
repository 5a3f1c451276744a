"""Promises of XGBoost's model beyond the common checks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xgboost
from models.xgboost import model


def test_the_seed_draws_the_row_samples() -> None:
    generator = np.random.default_rng(0)
    features = pd.DataFrame(generator.normal(size=(300, 4)), columns=list("abcd"))
    target = features["a"] ** 2 + features["b"]
    hyperparameters = {"num_round": 5, "subsample": 0.5}
    first, second = (
        model.predict(model.fit(features, target, hyperparameters, seed), features)
        for seed in (1, 2)
    )
    assert not np.array_equal(first, second)


def test_the_number_of_bins_can_be_tuned() -> None:
    generator = np.random.default_rng(0)
    features = pd.DataFrame(generator.normal(size=(300, 2)), columns=list("ab"))
    target = features["a"] ** 2
    fitted = model.fit(features, target, {"num_round": 5, "max_bin": 4, "eta": 0.5}, 1)
    bins = xgboost.QuantileDMatrix(features.to_numpy(), target, max_bin=4, nthread=1)
    settings = {"tree_method": "hist", "max_bin": 4, "eta": 0.5, "seed": 1, "nthread": 1}
    expected = xgboost.train(settings, bins, 5).predict(xgboost.DMatrix(features.to_numpy()))
    np.testing.assert_array_equal(model.predict(fitted, features), expected.astype(np.float64))
