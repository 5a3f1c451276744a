"""XGBoost: one-hot categories of the training rows, missing numbers as XGBoost treats them.

A target of categories is classified: two by `binary:logistic`, more by `multi:softprob`.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import xgboost
from sagetabular.jobs.encoding import OneHot, as_probabilities, directions, split_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

BOOSTER_FILE = "model.ubj"
COLUMNS_FILE = "columns.json"
# All that `fit` takes, checked before it runs. Seed and threads are not the user's.
HYPERPARAMETERS = (
    "num_round", "booster", "objective", "eval_metric", "base_score", "eta", "learning_rate",
    "gamma", "min_split_loss", "max_depth", "max_leaves", "grow_policy", "min_child_weight",
    "max_delta_step", "subsample", "sampling_method", "colsample_bytree", "colsample_bylevel",
    "colsample_bynode", "lambda", "reg_lambda", "alpha", "reg_alpha", "tree_method", "max_bin",
    "num_parallel_tree", "monotone_constraints", "interaction_constraints", "scale_pos_weight",
    "updater", "refresh_leaf", "process_type", "sample_type", "normalize_type", "rate_drop",
    "one_drop", "skip_drop", "tweedie_variance_power", "huber_slope", "quantile_alpha", "verbosity",
)  # fmt: skip
REQUIRED_HYPERPARAMETERS = ("num_round",)
FOREIGN_HYPERPARAMETERS = {"n_estimators": "num_round", "num_boost_round": "num_round"}
# XGBoost's configuration has all names that it uses, but these.
UNCONFIGURED = {"num_round", "eval_metric", "verbosity"}


@dataclass(frozen=True)
class Model:
    """A booster, what encodes its columns, and all classes in the order of their probabilities."""

    booster: xgboost.Booster
    encoder: OneHot
    classes: list[str]


@dataclass(frozen=True)
class Prepared:
    """Training rows, encoded and in XGBoost's default bins, and what encoded them."""

    rows: NDArray[np.float64]
    target: pd.Series
    weights: pd.Series | None
    matrix: xgboost.QuantileDMatrix
    encoder: OneHot
    classes: list[str]


def fit(
    features: pd.DataFrame,
    target: pd.Series,
    hyperparameters: Mapping[str, Any],
    seed: int,
    weights: pd.Series | None = None,
) -> Model:
    """Fit a booster on one thread, so that the result does not depend on the machine.

    Args:
        features: Shape (rows, columns): numbers, NaN where missing, and categories as text.
        target: Shape (rows,): numbers, or categories that are all classes in their order.
        hyperparameters: `num_round` and parameters of `xgboost.train`; `monotone_constraints` may
            be a mapping: column of numbers → 1 or -1.
        seed: Of the row and column samples.
        weights: How much each row counts, shape (rows,), above 0.

    Raises:
        ValueError: A parameter or value that XGBoost refuses or does not use.
    """
    return fit_prepared(prepare(features, target, weights), hyperparameters, seed)


def prepare(
    features: pd.DataFrame, target: pd.Series, weights: pd.Series | None = None
) -> Prepared:
    """Encode and bin rows; the arguments are those of `fit`."""
    encoder, (classes, target) = OneHot.fit(features), split_classes(target)
    rows = encoder.transform(features)
    matrix = xgboost.QuantileDMatrix(rows, target, weight=weights, nthread=1)
    return Prepared(rows, target, weights, matrix, encoder, classes)


def fit_prepared(prepared: Prepared, hyperparameters: Mapping[str, Any], seed: int) -> Model:
    """Do what `fit` does after `prepare`."""
    settings = dict(hyperparameters)
    rounds = int(settings.pop("num_round"))
    settings = {**_objective(settings, len(prepared.classes)), "tree_method": "hist", **settings}
    settings |= {"seed": seed, "nthread": 1}
    encoder, constraints = prepared.encoder, settings.get("monotone_constraints")
    if isinstance(constraints, dict):
        constraints = directions(constraints, encoder.sources, encoder.numbers)
    if constraints and not isinstance(constraints, str):  # which is XGBoost's own form
        settings["monotone_constraints"] = tuple(constraints)
    matrix = prepared.matrix
    if "max_bin" in settings:  # bins belong to the matrix: another number of them needs another
        options = {"weight": prepared.weights, "max_bin": settings["max_bin"], "nthread": 1}
        matrix = xgboost.QuantileDMatrix(prepared.rows, prepared.target, **options)
    booster = xgboost.train(settings, matrix, rounds)
    used = UNCONFIGURED.union(re.findall(r'"(\w+)":', booster.save_config()))
    if unused := sorted({*hyperparameters} - used):  # XGBoost only warns, which a log alone hears
        msg = f"XGBoost does not use {', '.join(unused)} beside the other hyperparameters"
        raise ValueError(msg)
    return Model(booster, encoder, prepared.classes)


def predict(model: Model, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict the target, shape (rows,); of classes the probabilities, shape (rows, classes).

    Raises:
        ValueError: The frame has other columns than those seen by `fit`.
    """
    data = xgboost.DMatrix(model.encoder.transform(features), nthread=1)
    return as_probabilities(model.booster.predict(data), model.classes)


def scorer(
    model: Model, columns: list[str]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """`predict` for a matrix of numbers, without building a frame and a `DMatrix` of it.

    Raises:
        ValueError: The model was fitted on other columns than the matrix will have.
    """
    if model.encoder.numbers != columns:
        msg = f"The model was fitted on the columns {model.encoder.numbers}, got {columns}"
        raise ValueError(msg)
    predict_in_place = model.booster.inplace_predict
    return lambda matrix: as_probabilities(predict_in_place(matrix), model.classes)


def save(model: Model, folder: Path) -> None:
    """Write the booster in XGBoost's own format, and its columns and classes as JSON."""
    model.booster.save_model(folder / BOOSTER_FILE)
    columns = {**asdict(model.encoder), "classes": model.classes}
    (folder / COLUMNS_FILE).write_text(json.dumps(columns), encoding="utf-8")


def load(folder: Path) -> Model:
    """Read what `save` wrote.

    It predicts on one thread, as it was fitted: whoever wants more of them runs more processes.
    """
    booster = xgboost.Booster({"nthread": 1}, model_file=folder / BOOSTER_FILE)
    columns = json.loads((folder / COLUMNS_FILE).read_text(encoding="utf-8"))
    classes = columns.pop("classes", [])
    return Model(booster, OneHot(**columns), classes)


def importance(model: Model) -> dict[str, float]:
    """Share of each column in the gain of all splits.

    The categories of a column count together. The shares sum to 1, or are all 0 for a booster that
    never splits.
    """
    columns = model.encoder.sources
    gains = dict.fromkeys([*model.encoder.numbers, *model.encoder.vocabulary], 0.0)
    for feature, gain in model.booster.get_score(importance_type="total_gain").items():
        gains[columns[int(feature.removeprefix("f"))]] += float(gain)
    total = sum(gains.values())
    return {name: gain / total for name, gain in gains.items()} if total else gains


def _objective(settings: Mapping[str, Any], classes: int) -> dict[str, Any]:
    """Return the task's objective and what it needs, unless the settings contradict the task."""
    wanted = {0: "reg:squarederror", 2: "binary:logistic"}.get(classes, "multi:softprob")
    given = str(settings.get("objective", wanted))
    fits = given == wanted if classes else not given.startswith(("binary:", "multi:"))
    if not fits:
        what = f"{classes} classes" if classes else "numbers"
        raise ValueError(f"objective must suit {what}, as {wanted} does, got {given!r}")
    if "scale_pos_weight" in settings and classes != 2:
        raise ValueError("scale_pos_weight is for two classes; others have data.class_weights")
    return {"objective": wanted, **({"num_class": classes} if classes > 2 else {})}
