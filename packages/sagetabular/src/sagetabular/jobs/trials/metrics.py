"""Regression metrics; undefined or infinite ones are errors, never numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from sagetabular.jobs.errors import JobError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

BOOTSTRAP_SAMPLES = 200


@dataclass(frozen=True)
class Scores:
    """R2 (no unit), mean squared error (target's unit squared), RMSE and MAE (target's unit)."""

    r2: float
    mse: float
    rmse: float
    mae: float


def score(actual: ArrayLike, predicted: ArrayLike, place: str) -> Scores:
    """Compare predictions with the truth, both of shape (rows,).

    Args:
        actual: The truth.
        predicted: The predictions.
        place: What is scored, for the error.

    Raises:
        JobError: Fewer than two rows, a constant truth, predictions that are not finite, or not
            one for each row.
    """
    truth, guess = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if guess.shape != truth.shape:
        msg = f"{place}: predictions must have the shape {truth.shape}, got {guess.shape}."
        raise JobError(msg, "Let `predict` in the model's model.py return one number for each row.")
    if not np.isfinite(guess).all():
        bad = int((~np.isfinite(guess)).sum())
        msg = f"{place}: predictions must be finite, got {bad} of {len(guess)} that are not."
        raise JobError(msg, "Narrow the ranges in the model's model.yaml.")
    if len(truth) < 2 or np.ptp(truth) == 0:
        msg = f"{place}: R2 needs two different target values, got {len(truth)} rows of one value."
        raise JobError(msg, "Lower split.folds in conf/pipeline.yaml, or query more rows.")
    mse = float(mean_squared_error(truth, guess))
    r2, mae = float(r2_score(truth, guess)), float(mean_absolute_error(truth, guess))
    return Scores(r2=r2, mse=mse, rmse=float(np.sqrt(mse)), mae=mae)


def bootstrap_deviation(actual: ArrayLike, predicted: ArrayLike, seed: int) -> Scores:
    """Return the standard deviation of each metric over resampled rows.

    Args:
        actual: The truth, shape (rows,), not constant.
        predicted: The predictions, shape (rows,).
        seed: Of the samples.
    """
    truth, guess = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    generator = np.random.default_rng(seed)
    samples: list[tuple[float, ...]] = []
    while len(samples) < BOOTSTRAP_SAMPLES:
        rows = generator.integers(len(truth), size=len(truth))
        if np.ptp(truth[rows]) > 0:
            one = score(truth[rows], guess[rows], "bootstrap")
            samples.append((one.r2, one.mse, one.rmse, one.mae))
    return Scores(*np.std(samples, axis=0, ddof=1).tolist())
