"""Scores of predictions; undefined or infinite ones are errors, never numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn import metrics

from sagetabular.jobs.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from sagetabular.jobs.scoring.metrics import Task

# Probabilities of a row may miss 1 by so much: some models add them up in single precision.
TOLERANCE = 1e-6


def score(
    task: Task, actual: ArrayLike, predicted: ArrayLike, classes: Sequence[str], place: str
) -> dict[str, float]:
    """Compare predictions with the truth, by all metrics of the task.

    Args:
        task: What was asked for.
        actual: The truth, shape (rows,): numbers, or names of classes.
        predicted: Shape (rows,); probabilities of shape (rows, classes) for classes.
        classes: Their names in the order of the probabilities; nothing for regression.
        place: What is scored, for the error.

    Returns:
        Metric → score, as scikit-learn defines them; for regression with `mse` too. R2 and all
        scores of classes have no unit, the errors that of the target.

    Raises:
        JobError: Predictions have another shape or are not finite, probabilities are none, or the
            truth leaves a metric undefined.
    """
    guess = np.asarray(predicted, dtype=np.float64)
    if task == "regression":
        return _regression(np.asarray(actual, dtype=np.float64), guess, place)
    truth = codes(actual, classes, place)
    _check_probabilities(guess, (len(truth), len(classes)), place)
    if len(present := np.unique(truth)) < 2:
        only = classes[present[0]] if len(present) else "none"
        msg = f"{place}: scores need rows of two classes, got {len(truth)} of {only!r} alone."
        raise JobError(msg, "Use fewer folds, `split: {kind: stratified}`, or query more rows.")
    return score_classes(truth, guess)


def codes(actual: ArrayLike, classes: Sequence[str], place: str) -> NDArray[np.int64]:
    """Return the place of each row's class among the classes, shape (rows,), int64.

    Raises:
        JobError: A row is of another class.
    """
    known = {name: code for code, name in enumerate(classes)}
    names = [str(name) for name in np.asarray(actual, dtype=object)]
    if strange := next((name for name in names if name not in known), None):
        msg = f"{place}: the class {strange!r} is not among those the model has seen."
        raise JobError(msg, "Fit it on rows of all classes.")
    return np.array([known[name] for name in names], dtype=np.int64)


def score_classes(truth: NDArray[np.int64], probabilities: NDArray[np.float64]) -> dict[str, float]:
    """Return all metrics of classes; of two, class 1 is the positive one.

    ROC AUC of more than two is that of each class against the rest, averaged over those that occur.

    Args:
        truth: Class of each row, shape (rows,), of at least two classes.
        probabilities: Shape (rows, classes).
    """
    count = probabilities.shape[1]
    chosen = probabilities.argmax(axis=1)
    found = {
        "roc_auc": _roc_auc(truth, probabilities),
        "log_loss": metrics.log_loss(
            truth, probabilities / probabilities.sum(axis=1, keepdims=True), labels=range(count)
        ),
        "accuracy": metrics.accuracy_score(truth, chosen),
        "balanced_accuracy": metrics.recall_score(
            truth, chosen, labels=np.unique(truth), average="macro", zero_division=0
        ),
        "macro_f1": metrics.f1_score(truth, chosen, average="macro", zero_division=0),
    }
    if count == 2:
        found["average_precision"] = metrics.average_precision_score(truth, probabilities[:, 1])
        found["f1"] = metrics.f1_score(truth, chosen, zero_division=0)
    return {name: float(value) for name, value in found.items()}


def _roc_auc(truth: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    if probabilities.shape[1] == 2:
        return float(metrics.roc_auc_score(truth, probabilities[:, 1]))
    present = np.unique(truth)
    areas = [metrics.roc_auc_score(truth == code, probabilities[:, code]) for code in present]
    return float(np.mean(areas))


def _regression(
    truth: NDArray[np.float64], guess: NDArray[np.float64], place: str
) -> dict[str, float]:
    if guess.shape != truth.shape:
        msg = f"{place}: predictions must have the shape {truth.shape}, got {guess.shape}."
        raise JobError(msg, "Let `predict` in the model's model.py return one number for each row.")
    _check_finite(guess, place)
    if len(truth) < 2 or np.ptp(truth) == 0:
        msg = f"{place}: R2 needs two different target values, got {len(truth)} rows of one value."
        raise JobError(msg, "Lower split.folds in conf/pipeline.yaml, or query more rows.")
    mse = float(metrics.mean_squared_error(truth, guess))
    return {
        "r2": float(metrics.r2_score(truth, guess)),
        "mse": mse,
        "rmse": float(np.sqrt(mse)),
        "mae": float(metrics.mean_absolute_error(truth, guess)),
    }


def _check_finite(guess: NDArray[np.float64], place: str) -> None:
    if not np.isfinite(guess).all():
        bad = int((~np.isfinite(guess)).sum())
        msg = f"{place}: predictions must be finite, got {bad} of {len(guess)} that are not."
        raise JobError(msg, "Narrow the ranges in the model's model.yaml.")


def _check_probabilities(guess: NDArray[np.float64], shape: tuple[int, int], place: str) -> None:
    if guess.shape != shape:
        msg = f"{place}: predictions must have the shape {shape}, got {guess.shape}."
        remedy = "Let `predict` in the model's model.py return a probability for each class."
        raise JobError(msg, remedy)
    _check_finite(guess, place)
    sums = guess.sum(axis=1)
    off = (guess < 0).any(axis=1) | (np.abs(sums - 1) > TOLERANCE)
    if off.any():
        row = int(np.flatnonzero(off)[0])
        msg = f"{place}: the probabilities of a row must be 0 or more, with the sum 1"
        raise JobError(
            f"{msg}, got {guess[row].tolist()}.",
            "Let `predict` in the model's model.py return probabilities.",
        )
