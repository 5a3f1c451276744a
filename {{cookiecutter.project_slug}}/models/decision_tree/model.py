"""Decision tree: one-hot categories, missing values handled by scikit-learn's own splits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import skops.io
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

FILE = "model.skops"
# skops restores plain arrays and estimators by itself; the tree's own compiled type must be named.
TRUSTED = ["sklearn.tree._tree.Tree"]
# All that `fit` takes, checked before it runs.
HYPERPARAMETERS = (
    "criterion", "splitter", "max_depth", "min_samples_split", "min_samples_leaf",
    "min_weight_fraction_leaf", "max_features", "random_state", "max_leaf_nodes",
    "min_impurity_decrease", "ccp_alpha", "monotonic_cst",
)  # fmt: skip
# Of a column, so many categories are told apart: the most frequent. The rest, and unseen ones, are
# one more.
MOST_CATEGORIES = 255
# Counts may arrive as "4.0", from a continuous range or another tool; scikit-learn wants 4.
COUNTS = ("max_depth", "max_leaf_nodes", "min_samples_leaf", "min_samples_split")


@dataclass(frozen=True)
class Prepared:
    """Training rows with their categories encoded, their target, and what encoded them."""

    encoder: ColumnTransformer
    encoded: NDArray[np.float64]
    target: pd.Series


def fit(
    features: pd.DataFrame, target: pd.Series, hyperparameters: Mapping[str, Any], seed: int
) -> Pipeline:
    """Fit encoder and tree.

    Args:
        features: Shape (rows, columns); numbers as float64 with NaN where missing, categories as
            text.
        target: Shape (rows,).
        hyperparameters: Arguments of `sklearn.tree.DecisionTreeRegressor`; `random_state` among
            them takes the place of `seed`.
        seed: Breaks ties between equally good splits.

    Raises:
        ValueError: A hyperparameter or value that scikit-learn refuses.
    """
    return fit_prepared(prepare(features, target), hyperparameters, seed)


def prepare(features: pd.DataFrame, target: pd.Series) -> Prepared:
    """Fit the encoder and encode the rows; the arguments are those of `fit`."""
    categories = list(features.select_dtypes(exclude="number"))
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=MOST_CATEGORIES + 1,
        sparse_output=False,
    )
    encoder = make_column_transformer((one_hot, categories), remainder="passthrough")
    return Prepared(encoder, encoder.fit_transform(features), target)


def fit_prepared(prepared: Prepared, hyperparameters: Mapping[str, Any], seed: int) -> Pipeline:
    """Do what `fit` does after `prepare`."""
    counts = {
        name: int(value)
        for name, value in hyperparameters.items()
        if name in COUNTS and isinstance(value, float) and value.is_integer()
    }
    tree = DecisionTreeRegressor(random_state=seed).set_params(**{**hyperparameters, **counts})
    tree.fit(prepared.encoded, prepared.target)
    return make_pipeline(prepared.encoder, tree)


def predict(model: Pipeline, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict the target, shape (rows,), for a frame with the columns seen by `fit`."""
    return np.asarray(model.predict(features), dtype=np.float64)


def scorer(
    model: Pipeline, columns: list[str]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """`predict` for a matrix of numbers, without the cost of a frame and of checking it again.

    Without categories the encoder passes every column on, and scikit-learn casts to float32.

    Raises:
        ValueError: The model was fitted on other columns than the matrix will have.
    """
    fitted = list(model[0].feature_names_in_)
    if fitted != columns:
        msg = f"The model was fitted on the columns {fitted}, got {columns}"
        raise ValueError(msg)
    tree = model[-1].tree_
    values = np.ascontiguousarray(tree.value[:, 0, 0], dtype=np.float64)
    return lambda matrix: values.take(tree.apply(matrix.astype(np.float32)))


def save(model: Pipeline, folder: Path) -> None:
    """Write the model into `folder` in a format that is loaded without running code."""
    skops.io.dump(model, folder / FILE)


def load(folder: Path) -> Pipeline:
    """Read what `save` wrote.

    Raises:
        UntrustedTypesFoundException: The file asks for a type that is neither safe nor in
        `TRUSTED`.
    """
    return skops.io.load(folder / FILE, trusted=TRUSTED)


def importance(model: Pipeline) -> dict[str, float]:
    """Share of each column in what the splits took off the squared error (impurity).

    The categories of a column count together. The shares sum to 1, or are all 0 for a tree that
    never splits.
    """
    encoder, tree = model[0], model[-1]
    _, one_hot, categories = encoder.transformers_[0]
    known = [len(values) for values in one_hot.categories_] if categories else []
    repeats = [min(count, MOST_CATEGORIES + 1) for count in known]
    numbers = [name for name in encoder.feature_names_in_ if name not in categories]
    columns = [*np.repeat(np.asarray(categories, dtype=object), repeats), *numbers]
    shares = dict.fromkeys(map(str, encoder.feature_names_in_), 0.0)
    for column, share in zip(columns, tree.feature_importances_, strict=True):
        shares[str(column)] += float(share)
    return shares
