"""What XGBoost's model promises beyond the common checks."""

from __future__ import annotations

import numpy as np
import pandas as pd

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
