"""Predictions as a table: truth, prediction, and for classes the probability of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sagetabular.jobs.scoring.targets import labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ACTUAL, PREDICTED, PROBABILITY = "actual", "predicted", "probability_"


def predictions_table(
    actual: pd.Series, predicted: NDArray[np.float64], classes: Sequence[str]
) -> pd.DataFrame:
    """Return one line per row, in the order of the rows.

    Args:
        actual: The truth, shape (rows,).
        predicted: Shape (rows,), or probabilities of shape (rows, classes).
        classes: Their names in the order of the probabilities; nothing for numbers.

    Returns:
        `actual` and `predicted`, which are names for classes; beside them
        `probability_<class>` for each class.
    """
    if not classes:
        return pd.DataFrame({ACTUAL: actual.to_numpy(), PREDICTED: predicted})
    columns = {ACTUAL: actual.to_numpy(object), PREDICTED: labels(predicted, classes)}
    for place, name in enumerate(classes):
        columns[f"{PROBABILITY}{name}"] = predicted[:, place]
    return pd.DataFrame(columns)


def probabilities(table: pd.DataFrame, classes: Sequence[str]) -> NDArray[np.float64]:
    """Return the probabilities in such a table, shape (rows, classes)."""
    return table[[f"{PROBABILITY}{name}" for name in classes]].to_numpy(np.float64)
