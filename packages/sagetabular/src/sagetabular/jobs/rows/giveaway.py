"""Columns that alone explain nearly all of the target: often what is known only afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeRegressor

from sagetabular.jobs.tables import FOLD

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from sagetabular.jobs.scoring.metrics import Task

# R2 on rows that the tree has not seen, above which a column is worth a word.
NEARLY_ALL = 0.95
# Rows are in the order of their hash, so the first are a sample; more columns would take minutes.
_ROWS, _COLUMNS, _LEAVES = 20_000, 200, 64
# Single precision, in which trees compare, has no larger numbers.
_LARGEST = 3.4e38


def about_giveaways(
    training: pd.DataFrame, target: str, task: Task = "regression"
) -> Iterator[str]:
    """Yield a sentence for each column with which a tree of its own explains nearly everything.

    It is fitted on the other folds and asked about the last one, so for rows split by time on what
    lies before it.

    Args:
        training: What models learn from: features, the target and the column `FOLD`.
        target: Name of the target.
        task: What is predicted.
    """
    if task != "regression":
        return
    last = training[FOLD] == training[FOLD].max()
    known, asked = training[~last].head(_ROWS), training[last].head(_ROWS)
    truth = asked[target].to_numpy()
    if known.empty or len(truth) < 2 or np.ptp(truth) == 0:
        return
    for name in list(training.columns.drop([target, FOLD]))[:_COLUMNS]:
        tree = DecisionTreeRegressor(max_leaf_nodes=_LEAVES, random_state=0)
        tree.fit(_numbers(known[name], known, target), known[target])
        score = r2_score(truth, tree.predict(_numbers(asked[name], known, target)))
        if score > NEARLY_ALL:
            yield (
                f"{name} alone explains {score:.0%} of {target} (R2 of a tree on one fold): drop "
                "it if it is not known before."
            )


def _numbers(values: pd.Series, known: pd.DataFrame, target: str) -> NDArray[np.float64]:
    """Return a column as numbers, shape (rows, 1): a category is the target's mean in it."""
    if values.dtype != np.float64:
        means = known.groupby(str(values.name))[target].mean()
        values = values.map(means).astype(np.float64)
    return values.clip(-_LARGEST, _LARGEST).to_numpy().reshape(-1, 1)
