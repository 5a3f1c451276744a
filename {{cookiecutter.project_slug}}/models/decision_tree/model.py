"""Decision tree: one-hot categories, missing values handled by scikit-learn's own splits.

A target of categories makes it a classifier, any other one a regressor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import skops.io
from sagetabular.jobs.encoding import directions, split_classes
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

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
    weights: pd.Series | None


def fit(
    features: pd.DataFrame,
    target: pd.Series,
    hyperparameters: Mapping[str, Any],
    seed: int,
    weights: pd.Series | None = None,
) -> Pipeline:
    """Fit encoder and tree.

    Args:
        features: Shape (rows, columns): numbers, NaN where missing, and categories as text.
        target: Shape (rows,): numbers, or categories that are all classes in their order.
        hyperparameters: Arguments of scikit-learn's tree; `random_state` takes the place of
            `seed`, and `monotonic_cst` may be a mapping: column of numbers → 1 or -1.
        seed: Breaks ties between equally good splits.
        weights: How much each row counts, shape (rows,), above 0.

    Raises:
        ValueError: A hyperparameter or value that scikit-learn refuses.
    """
    return fit_prepared(prepare(features, target, weights), hyperparameters, seed)


def prepare(
    features: pd.DataFrame, target: pd.Series, weights: pd.Series | None = None
) -> Prepared:
    """Fit the encoder and encode the rows; the arguments are those of `fit`."""
    categories = list(features.select_dtypes(exclude="number"))
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=MOST_CATEGORIES + 1,
        sparse_output=False,
    )
    encoder = make_column_transformer((one_hot, categories), remainder="passthrough")
    return Prepared(encoder, encoder.fit_transform(features), target, weights)


def fit_prepared(prepared: Prepared, hyperparameters: Mapping[str, Any], seed: int) -> Pipeline:
    """Do what `fit` does after `prepare`."""
    counts = {
        name: int(value)
        for name, value in hyperparameters.items()
        if name in COUNTS and isinstance(value, float) and value.is_integer()
    }
    classes, target = split_classes(prepared.target)
    tree = DecisionTreeRegressor(random_state=seed)
    if classes:  # equal weights change nothing: they keep the classes that have no row here
        equal = dict.fromkeys(range(len(classes)), 1.0)
        tree = DecisionTreeClassifier(random_state=seed, class_weight=equal)
    tree.set_params(**{**hyperparameters, **counts})
    if isinstance(tree.monotonic_cst, dict):
        sources, texts = _sources(prepared.encoder), prepared.encoder.transformers_[0][2]
        ways = directions(tree.monotonic_cst, sources, [*{*sources}.difference(texts)])
        if any(ways) and np.isnan(prepared.encoded).any():
            raise ValueError("scikit-learn takes no missing numbers beside monotonic_cst, got some")
        tree.set_params(monotonic_cst=ways if any(ways) else None)
    tree.fit(prepared.encoded, target, sample_weight=prepared.weights)
    return make_pipeline(prepared.encoder, tree)


def predict(model: Pipeline, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict the target, shape (rows,); of classes the probabilities, shape (rows, classes)."""
    if isinstance(model[-1], DecisionTreeClassifier):
        return _of_all_classes(model[-1], model.predict_proba(features))
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
    tree, values = model[-1].tree_, np.ascontiguousarray(model[-1].tree_.value[:, 0, 0])
    if isinstance(model[-1], DecisionTreeClassifier):
        values = _of_all_classes(model[-1], tree.value[:, 0, :])
    return lambda matrix: values.take(tree.apply(matrix.astype(np.float32)), axis=0)


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
    """Share of each column in what the splits took off the error (impurity).

    The categories of a column count together. The shares sum to 1, or are all 0 for a tree that
    never splits.
    """
    shares = dict.fromkeys(map(str, model[0].feature_names_in_), 0.0)
    for column, share in zip(_sources(model[0]), model[-1].feature_importances_, strict=True):
        shares[column] += float(share)
    return shares


def _sources(encoder: ColumnTransformer) -> list[str]:
    """Return the column that each encoded one comes from: indicators first, then numbers."""
    _, one_hot, texts = encoder.transformers_[0]
    known = [len(values) for values in one_hot.categories_] if texts else []
    repeats = [min(count, MOST_CATEGORIES + 1) for count in known]
    numbers = [name for name in encoder.feature_names_in_ if name not in texts]
    return [str(name) for name in [*np.repeat(np.asarray(texts, dtype=object), repeats), *numbers]]


def _of_all_classes(tree: DecisionTreeClassifier, found: Any) -> NDArray[np.float64]:
    """Return probabilities of all classes: 0 where no training row had one."""
    wide = np.zeros((len(found), len(tree.class_weight)))
    wide[:, tree.classes_] = found
    return wide
