"""Classes of a table, how they are split, and how much their rows count."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_sample_weight

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.rows.splitting import Splitter
from sagetabular.jobs.rows.weighting import check_rows, check_sides, with_weights
from sagetabular.jobs.scoring.targets import as_target, classes_of
from sagetabular.jobs.tables import FOLD, WEIGHT

BINARY = {"task": "binary", "positive": "yes", "target": "y", "split": {"kind": "stratified"}}
MANY = {"task": "multiclass", "target": "y", "split": {"kind": "stratified"}}


def rows_of(*classes: str) -> pd.DataFrame:
    return pd.DataFrame({"x": np.arange(float(len(classes))), "y": [*classes]})


@pytest.mark.parametrize(
    ("values", "positive", "expected"),
    [
        (["b", "a", "b"], "a", ["b", "a"]),
        (["no", "yes"], "yes", ["no", "yes"]),
        (["10", "9", "-1", "9.5"], None, ["-1", "9", "9.5", "10"]),
        (["x", "2", "10"], None, ["2", "10", "x"]),
    ],
)
def test_classes_are_in_the_order_of_values_with_the_positive_one_last(
    values: list[str], positive: str | None, expected: list[str]
) -> None:
    assert classes_of(values, positive) == expected
    target = as_target(pd.Series(values), "multiclass", positive)
    assert [*target.cat.categories] == expected
    assert [*target.astype(object)] == values


@given(st.lists(st.integers(6, 60), min_size=2, max_size=5), st.integers(2, 6), st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_each_fold_has_its_share_of_every_class(sizes: list[int], folds: int, seed: int) -> None:
    names = [f"class {place}" for place, size in enumerate(sizes) for _ in range(size)]
    rows = rows_of(*names).sample(frac=1, random_state=seed).reset_index(drop=True)
    splitter = Splitter("stratified", "y", seed)
    counts = pd.crosstab(rows["y"], splitter.folds(rows, folds))
    # As scikit-learn's StratifiedKFold: the folds' rows of a class differ by one at most.
    assert ((counts.max(axis=1) - counts.min(axis=1)) <= 1).all()
    held = rows["y"][splitter.holdout(rows, 0.25, "test")].value_counts()
    expected = {name: -(-size // 4) for name, size in rows["y"].value_counts().items()}
    assert held.to_dict() == expected


@pytest.mark.parametrize(
    ("rows", "conf", "rule", "remedy"),
    [
        (rows_of("a", "b", "c"), {**BINARY, "positive": "a"},
         "data.target 'y' must have two classes for `task: binary`, got 3: a, b, c.",
         "Set `task: multiclass`."),
        (rows_of("a", "b"), MANY,
         "data.target 'y' must have 3 to 256 classes for `task: multiclass`, got 2: a, b.",
         "Set `task: binary`."),
        (rows_of(*map(str, range(300))), MANY,
         "data.target 'y' must have 3 to 256 classes for `task: multiclass`, got 300: 0, 1,",
         "Set another target, or `task: regression`."),
        (rows_of("yes", "no").replace("yes", "Yes"), BINARY,
         "data.positive must be a class of 'y', got 'yes'.", "There are Yes, no."),
        (rows_of("yes", "no").assign(w=[1.0, 0.0]), {**BINARY, "weights": "w"},
         "data.weights 'w' must hold numbers above 0, got 0.0 (1 rows so, the first is row 2).",
         "Leave rows out that do not count: `WHERE w > 0`"),
        (rows_of("yes", "no").assign(w=[np.nan, 1.0]), {**BINARY, "weights": "w"},
         "data.weights 'w' must hold numbers above 0, got nan (1 rows so, the first is row 1).",
         "Leave rows out"),
    ],
)  # fmt: skip
def test_rows_that_do_not_fit_the_task_are_refused(rows, conf, rule, remedy) -> None:
    with pytest.raises(JobError) as caught:
        check_rows(rows, conf)
    assert caught.value.message.startswith(f"conf/pipeline.yaml: {rule}")
    assert caught.value.remedy.startswith(remedy)


def test_a_class_with_fewer_rows_than_folds_is_named() -> None:
    training = rows_of(*"aaaabbbbcc").assign(**{FOLD: [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]})
    with pytest.raises(JobError) as caught:
        check_sides(training, rows_of("a", "b"), MANY)
    assert caught.value.message == (
        "conf/pipeline.yaml: split.folds must not exceed the training rows of a class, "
        "got 4 folds and c 2 rows."
    )
    check_sides(training, rows_of("a"), {**MANY, "split": {"kind": "grouped"}})


def test_a_class_without_training_rows_is_named() -> None:
    training = rows_of(*"aabb").assign(**{FOLD: [0, 1, 0, 1]})
    with pytest.raises(JobError, match="no training row has the class 'c', 2 test rows have it"):
        check_sides(training, rows_of("a", "c", "c"), MANY)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    training = rows_of(*"aaaaabbc")
    found = with_weights(training, {**MANY, "class_weights": "balanced"})
    expected = compute_sample_weight("balanced", training["y"])
    np.testing.assert_allclose(found[WEIGHT], expected, rtol=1e-15)


def test_weights_of_rows_and_of_classes_are_multiplied_and_no_feature() -> None:
    training = rows_of("a", "b", "b").assign(w=[2.0, 3.0, 4.0])
    found = with_weights(training, {**MANY, "weights": "w", "class_weights": {"b": 10.0}})
    assert [*found] == ["x", "y", WEIGHT]
    # 2, 3 x 10 and 4 x 10, whose mean is 24.
    assert [*found[WEIGHT]] == [2 / 24, 30 / 24, 40 / 24]
    assert WEIGHT not in with_weights(training, MANY)
    with pytest.raises(JobError, match="data.class_weights must name classes, got 'z'"):
        with_weights(training, {**MANY, "class_weights": {"z": 2.0}})
