from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_val_score
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBRegressor

from sagetabular.lake.sample import SAMPLE_TITLE, make_sample

# The published ranges of the 1990 census table.
RANGES = {
    "longitude": (-124.35, -114.31),
    "latitude": (32.54, 41.95),
    "housing_median_age": (1, 52),
    "total_rooms": (2, 39320),
    "total_bedrooms": (1, 6445),
    "population": (3, 35682),
    "households": (1, 6082),
    "median_income": (0.4999, 15.0001),
    "median_house_value": (14999, 500001),
}


@pytest.fixture(scope="module")
def sample():
    return make_sample()


def test_the_title_says_that_it_is_made_up():
    assert "made-up" in SAMPLE_TITLE


def test_it_has_the_columns_and_ranges_of_the_census_table(sample):
    assert list(sample.columns) == list(RANGES)
    assert len(sample) == 6000
    assert not sample.isna().any().any()
    for column, (low, high) in RANGES.items():
        assert sample[column].between(low, high).all(), column


def test_the_same_seed_gives_the_same_table_and_another_seed_another(sample):
    assert make_sample().equals(sample)
    assert not make_sample(seed=24).equals(sample)


@pytest.mark.parametrize("rows", [1, 2, 97])
def test_any_number_of_rows_can_be_made(rows):
    made = make_sample(rows)
    assert len(made) == rows
    assert np.isfinite(made.to_numpy()).all()


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="rows must be 1 or more, got 0"):
        make_sample(0)


def test_about_a_twentieth_of_the_house_values_is_capped(sample):
    assert 0.04 < (sample["median_house_value"] == 500_001).mean() < 0.06


def test_counts_and_incomes_are_skewed_to_the_right(sample):
    skew = sample.skew()
    assert (skew[["total_rooms", "total_bedrooms", "population", "households"]] > 2).all()
    assert skew["median_income"] > 1


def test_rows_are_in_geographic_order(sample):
    steps = sample["latitude"].diff().abs()
    shuffled = sample["latitude"].sample(frac=1, random_state=0).diff().abs()
    assert steps.mean() < 0.1 * shuffled.mean()
    assert sample["latitude"].iloc[0] > sample["latitude"].iloc[-1]


@pytest.mark.slow
def test_boosted_trees_learn_it_better_than_one_tree_and_both_better_than_a_line(sample):
    features = sample.drop(columns=["median_house_value", "median_income"])
    folds = KFold(5, shuffle=True, random_state=0)
    target = sample["median_house_value"]
    models = {
        "boosted": XGBRegressor(n_estimators=150, max_depth=6, learning_rate=0.1, n_jobs=1),
        "tree": DecisionTreeRegressor(min_samples_leaf=14, random_state=0),
        "line": LinearRegression(),
    }
    r2 = {
        name: cross_val_score(model, features, target, cv=folds).mean()
        for name, model in models.items()
    }
    assert 0.78 < r2["boosted"] < 0.86
    assert 0.64 < r2["tree"] < 0.76
    assert r2["line"] < r2["tree"] < r2["boosted"] - 0.08
