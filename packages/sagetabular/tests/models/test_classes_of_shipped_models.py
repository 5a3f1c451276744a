"""The template's two models on classes, against scikit-learn and XGBoost called directly."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from models.decision_tree import model as tree
from models.xgboost import model as boosting
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

TWO, FOUR = ["yes", "no"], ["2", "9", "10", "11"]
MODELS = pytest.mark.parametrize("code", [tree, boosting], ids=["tree", "xgboost"])
CLASSES = pytest.mark.parametrize("classes", [TWO, FOUR], ids=["two", "four"])
GIVEN = {
    tree: {"max_depth": 5, "min_samples_leaf": 2},
    boosting: {"num_round": 12, "max_depth": 3, "eta": 0.2, "subsample": 0.8},
}
SEED = 3


def make_features(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    table = pd.DataFrame(generator.normal(size=(rows, 2)), columns=["size", "age"])
    table.loc[::9, "age"] = np.nan
    return table.assign(town=generator.choice(["Bath", "Ely", "Wells"], size=rows).astype(object))


def make_target(features: pd.DataFrame, classes: list[str]) -> pd.Series:
    """More of `size` makes a later class; their names sort otherwise than they are ordered."""
    generator = np.random.default_rng(1)
    signal = (
        features["size"] + (features["town"] == "Ely") + generator.normal(0, 0.3, len(features))
    )
    codes = pd.qcut(signal, len(classes), labels=False)
    return pd.Series(pd.Categorical.from_codes(codes, categories=classes), name="answer")


def encoded(features: pd.DataFrame, code) -> np.ndarray:
    """Indicators and numbers as pandas makes them, in the order of each model."""
    towns = pd.get_dummies(features["town"]).to_numpy(dtype=float)
    numbers = features[["size", "age"]].to_numpy()
    return np.column_stack([towns, numbers] if code is tree else [numbers, towns])


def expected(code, features: pd.DataFrame, codes: np.ndarray, classes: int, weights=None):
    """Probabilities of the libraries alone."""
    rows = encoded(features, code)
    if code is tree:
        plain = DecisionTreeClassifier(**GIVEN[tree], random_state=SEED)
        return plain.fit(rows, codes, sample_weight=weights).predict_proba(rows)
    chosen = {k: v for k, v in GIVEN[boosting].items() if k != "num_round"}
    goal = {"objective": "binary:logistic"}
    if classes > 2:
        goal = {"objective": "multi:softprob", "num_class": classes}
    data = xgboost.QuantileDMatrix(rows, codes, weight=weights, nthread=1)
    settings_ = {**goal, **chosen, "tree_method": "hist", "seed": SEED, "nthread": 1}
    found = xgboost.train(settings_, data, 12).predict(xgboost.DMatrix(rows))
    return np.column_stack([1 - found, found]) if classes == 2 else found


@MODELS
@CLASSES
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_probabilities_are_those_of_the_library(code, classes, weighted) -> None:
    features = make_features()
    target = make_target(features, classes)
    weights = pd.Series(np.random.default_rng(2).uniform(0, 3, 200)) if weighted else None
    options = {"weights": weights} if weighted else {}
    found = code.predict(code.fit(features, target, GIVEN[code], SEED, **options), features)
    codes = np.array([classes.index(value) for value in target])
    library = expected(code, features, codes, len(classes), weights)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, library, rtol=0, atol=1e-6)
    assert np.abs(found.sum(axis=1) - 1).max() < 1e-12
    assert (found.argmax(axis=1) == codes).mean() > 0.7


@MODELS
def test_weights_of_numbers_are_those_of_the_library(code) -> None:
    features = make_features()
    target = features["size"] ** 2
    weights = pd.Series(np.random.default_rng(2).uniform(0, 3, 200))
    rows = encoded(features, code)
    found = code.predict(code.fit(features, target, GIVEN[code], SEED, weights=weights), features)
    if code is tree:
        plain = DecisionTreeRegressor(**GIVEN[tree], random_state=SEED)
        library = plain.fit(rows, target, sample_weight=weights).predict(rows)
    else:
        chosen = {k: v for k, v in GIVEN[boosting].items() if k != "num_round"}
        data = xgboost.QuantileDMatrix(rows, target, weight=weights, nthread=1)
        booster = xgboost.train({**chosen, "seed": SEED, "nthread": 1}, data, 12)
        library = booster.predict(xgboost.DMatrix(rows))
    np.testing.assert_array_equal(found, library)
    without = code.predict(code.fit(features, target, GIVEN[code], SEED), features)
    assert not np.array_equal(found, without)


@MODELS
@pytest.mark.parametrize("absent", FOUR)
def test_a_class_without_rows_has_its_column_and_next_to_no_probability(code, absent) -> None:
    features = make_features()
    target = make_target(features, FOUR)
    known = (target != absent).to_numpy()
    model = code.fit(features[known], target[known], GIVEN[code], SEED)
    found = code.predict(model, features)
    place = FOUR.index(absent)
    assert found.shape == (200, 4)
    assert found[:, place].max() < 1e-4
    codes = np.array([FOUR.index(value) for value in target[known]])
    if code is tree:  # the library alone knows three classes
        rows = encoded(features, tree)
        plain = DecisionTreeClassifier(**GIVEN[tree], random_state=SEED)
        three = plain.fit(rows[known], codes).predict_proba(rows)
        np.testing.assert_array_equal(np.delete(found, place, axis=1), three)
    assert (found[known].argmax(axis=1) == codes).mean() > 0.7


@MODELS
@CLASSES
def test_the_scorer_and_the_saved_model_give_the_same_bits(code, classes, tmp_path) -> None:
    features = make_features()
    target, numbers = make_target(features, classes), features[["size", "age"]]
    fitted = code.fit(numbers, target, GIVEN[code], SEED)
    code.save(fitted, tmp_path)
    loaded = code.load(tmp_path)
    found = code.predict(loaded, numbers)
    np.testing.assert_array_equal(found, code.predict(fitted, numbers))
    scorer = code.scorer(loaded, ["size", "age"])
    np.testing.assert_array_equal(scorer(numbers.to_numpy()), found)
    np.testing.assert_array_equal(scorer(numbers.to_numpy()[:1]), found[:1])


def test_xgboost_names_its_classes_in_the_artefact(tmp_path) -> None:
    features = make_features()
    boosting.save(boosting.fit(features, make_target(features, FOUR), GIVEN[boosting], 1), tmp_path)
    assert json.loads((tmp_path / "columns.json").read_text())["classes"] == FOUR


def test_xgboost_loads_what_was_saved_before_there_were_classes(tmp_path) -> None:
    features = make_features()
    model = boosting.fit(features, features["size"], GIVEN[boosting], 1)
    boosting.save(model, tmp_path)
    file = tmp_path / "columns.json"
    columns = json.loads(file.read_text())
    del columns["classes"]
    file.write_text(json.dumps(columns))
    found = boosting.predict(boosting.load(tmp_path), features)
    np.testing.assert_array_equal(found, boosting.predict(model, features))


@MODELS
@CLASSES
def test_columns_have_their_shares_of_what_tells_classes_apart(code, classes) -> None:
    features = make_features(400).assign(noise=0.0)
    shares = code.importance(code.fit(features, make_target(features, classes), GIVEN[code], SEED))
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["noise"] == 0
    assert max(shares, key=shares.get) == "size"


WRONG = {
    "hinge": ({"objective": "binary:hinge"}, TWO, "as binary:logistic does, got 'binary:hinge'"),
    "softmax": ({"objective": "multi:softmax"}, FOUR, "4 classes, as multi:softprob does"),
    "logistic for four": ({"objective": "binary:logistic"}, FOUR, "as multi:softprob does"),
    "numbers for classes": ({"objective": "reg:squarederror"}, TWO, "2 classes, as binary:log"),
    "classes for numbers": ({"objective": "binary:logistic"}, [], "numbers, as reg:squarederror"),
    "weight of one of four": ({"scale_pos_weight": 2}, FOUR, "scale_pos_weight is for two classes"),
    "weight of numbers": ({"scale_pos_weight": 2}, [], "scale_pos_weight is for two classes"),
    "no column": ({"monotone_constraints": {"height": 1}}, TWO, "got 'height': 1"),
    "a category": (
        {"monotone_constraints": {"town": 1}},
        [],
        "columns of numbers 1 or -1, got 'to",
    ),
    "no direction": ({"monotone_constraints": {"size": "up"}}, [], "got 'size': 'up'"),
}


@pytest.mark.parametrize(("change", "classes", "words"), WRONG.values(), ids=WRONG)
def test_what_contradicts_the_task_or_the_table_is_refused_by_xgboost(
    change, classes, words
) -> None:
    features = make_features()
    target = make_target(features, classes) if classes else features["size"]
    with pytest.raises(ValueError, match=words) as caught:
        boosting.fit(features, target, {**GIVEN[boosting], **change}, 1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("objective", "classes"),
    [("reg:absoluteerror", []), ("binary:logistic", TWO), ("multi:softprob", FOUR)],
)
def test_an_objective_that_suits_the_task_is_taken(objective, classes) -> None:
    features = make_features()
    target = make_target(features, classes) if classes else features["size"]
    model = boosting.fit(features, target, {**GIVEN[boosting], "objective": objective}, 1)
    assert f'"objective":"{objective}"' in model.booster.save_config()


def test_scale_pos_weight_favours_the_second_of_two_classes() -> None:
    features = make_features()
    target = make_target(features, TWO)
    plain, scaled = (
        boosting.predict(boosting.fit(features, target, {**GIVEN[boosting], **more}, 1), features)
        for more in ({}, {"scale_pos_weight": 9})
    )
    assert scaled[:, 1].mean() > plain[:, 1].mean() + 0.05


def rises_with_size(code, hyperparameters, target_of) -> bool:
    """Whether predictions never fall along `size`, in rows that differ in nothing else."""
    features = make_features(300).fillna({"age": 0.0})
    model = code.fit(features, target_of(features), {**GIVEN[code], **hyperparameters}, SEED)
    rising = features.iloc[[0] * 200].assign(size=np.linspace(-3, 3, 200))
    found = code.predict(model, rising)
    return bool((np.diff(found if found.ndim == 1 else found[:, 1]) >= 0).all())


def waves(features: pd.DataFrame) -> pd.Series:
    return np.sin(3 * features["size"]) + features["age"]


def waves_of_classes(features: pd.DataFrame) -> pd.Series:
    return pd.Series(pd.Categorical.from_codes((waves(features) > 0).astype(int), TWO))


RISING = {
    "xgboost by name": (boosting, {"monotone_constraints": {"size": 1}}),
    "xgboost by place": (boosting, {"monotone_constraints": "(1,0,0,0,0)"}),
    "xgboost by a list": (boosting, {"monotone_constraints": [1, 0, 0, 0, 0]}),
    "tree by name": (tree, {"monotonic_cst": {"size": 1}}),
    "tree by place": (tree, {"monotonic_cst": [0, 0, 0, 1, 0]}),
}


@pytest.mark.parametrize("target_of", [waves, waves_of_classes])
@pytest.mark.parametrize(("code", "hyperparameters"), RISING.values(), ids=RISING)
def test_what_may_only_rise_never_falls(code, hyperparameters, target_of) -> None:
    assert not rises_with_size(code, {}, target_of)
    assert rises_with_size(code, hyperparameters, target_of)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"height": 1}, "must give columns of numbers 1 or -1, got 'height': 1"),
        ({"town": -1}, "must give columns of numbers 1 or -1, got 'town': -1"),
        ({"size": 2}, "must give columns of numbers 1 or -1, got 'size': 2"),
        ({"size": 1}, "no missing numbers beside monotonic_cst"),
    ],
)
def test_a_constraint_that_the_tree_cannot_keep_is_refused(given, words) -> None:
    features = make_features()
    with pytest.raises(ValueError, match=words):
        tree.fit(features, features["size"], {"monotonic_cst": given}, 1)


def test_scikit_learn_refuses_constraints_for_more_than_two_classes() -> None:
    features = make_features().fillna({"age": 0.0})
    with pytest.raises(ValueError, match="not supported with multiclass"):
        tree.fit(features, make_target(features, FOUR), {"monotonic_cst": {"size": 1}}, 1)


@MODELS
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_rows_get_probabilities_of_all_classes(code, data) -> None:
    count = data.draw(st.integers(2, 6))
    classes = data.draw(
        st.lists(st.text(min_size=1, max_size=4), min_size=count, max_size=count, unique=True)
    )
    rows = data.draw(st.integers(1, 25))
    number = st.one_of(st.just(np.nan), st.floats(-1e6, 1e6))
    word = st.one_of(st.none(), st.sampled_from(["a", "b", "", "never"]))

    def drawn(cells) -> list:
        return data.draw(st.lists(cells, min_size=rows, max_size=rows))

    features = pd.DataFrame(
        {
            "x": np.array(drawn(number), dtype=float),
            "y": np.array(drawn(number), dtype=float),
            "word": pd.Series(drawn(word), dtype=object),
        }
    )
    codes = drawn(st.integers(0, count - 1))
    target = pd.Series(pd.Categorical.from_codes(codes, categories=classes))
    small = {"num_round": 3} if code is boosting else {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = code.fit(features, target, small, 1)
    asked = pd.concat([features, features.assign(word="unseen"), features.assign(x=np.nan)])
    found = code.predict(model, asked)
    assert found.shape == (3 * rows, count)
    assert (found >= 0).all()
    assert np.abs(found.sum(axis=1) - 1).max() < 1e-6
    np.testing.assert_array_equal(found[:rows], code.predict(model, features))
