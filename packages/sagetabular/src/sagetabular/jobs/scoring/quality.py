"""SageMaker's model-quality statistics: what the registry shows, and a monitor compares.

Source: "Model quality metrics and CloudWatch monitoring" of the SageMaker developer guide. The
metrics that models are ranked by stand beside SageMaker's, under their own names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import metrics

from sagetabular.jobs.scoring.metrics import SECTIONS
from sagetabular.jobs.scoring.predictions import ACTUAL, PREDICTED, probabilities
from sagetabular.jobs.scoring.scores import codes, score, score_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sagetabular.jobs.scoring.metrics import Task

BOOTSTRAP_SAMPLES = 200
# Points of a curve, beyond which nobody sees a difference.
_POINTS = 200
_BETAS = {"f0_5": 0.5, "f1": 1.0, "f2": 2.0}


def quality_report(
    task: Task, predictions: pd.DataFrame, classes: Sequence[str], seed: int, place: str
) -> dict[str, Any]:
    """Return the statistics of predictions, each with its deviation over resampled rows.

    Args:
        task: What was asked for.
        predictions: A table that `predictions_table` made.
        classes: Their names in the order of the probabilities; nothing for regression.
        seed: Of the samples.
        place: What is scored, for the error.

    Raises:
        JobError: The scores are undefined, or a row is of another class.
    """
    if task == "regression":
        found = _of_numbers(predictions, seed, place)
    else:
        found = _of_classes(predictions, classes, seed, place)
    return {SECTIONS[task]: found}


def _of_numbers(predictions: pd.DataFrame, seed: int, place: str) -> dict[str, Any]:
    truth, guess = (predictions[name].to_numpy(np.float64) for name in (ACTUAL, PREDICTED))
    values = score("regression", truth, guess, (), place)
    deviations = bootstrap_deviation(
        lambda rows: score("regression", truth[rows], guess[rows], (), "bootstrap"), truth, seed
    )
    return _with_deviations(values, deviations)


def _of_classes(
    predictions: pd.DataFrame, classes: Sequence[str], seed: int, place: str
) -> dict[str, Any]:
    chances = probabilities(predictions, classes)
    truth = codes(predictions[ACTUAL], classes, place)

    def of_rows(rows: NDArray[np.int64]) -> dict[str, float]:
        own, guess = truth[rows], chances[rows]
        return score_classes(own, guess) | _of_labels(own, guess.argmax(axis=1), len(classes))

    values = of_rows(np.arange(len(truth)))
    found: dict[str, Any] = {"confusion_matrix": _confusion(truth, chances, classes)}
    found |= _with_deviations(values, bootstrap_deviation(of_rows, truth, seed))
    if len(classes) == 2:  # SageMaker has other names for two of them
        found |= {"auc": found["roc_auc"], "au_prc": found["average_precision"]}
        found |= _curves(truth, chances[:, 1])
    return found


def bootstrap_deviation(
    compute: Callable[[NDArray[np.int64]], dict[str, float]], truth: NDArray[Any], seed: int
) -> dict[str, float]:
    """Return the standard deviation of each metric over resampled rows.

    Args:
        compute: Scores rows, given by their positions.
        truth: The truth, shape (rows,), not constant.
        seed: Of the samples.
    """
    generator = np.random.default_rng(seed)
    samples: list[dict[str, float]] = []
    while len(samples) < BOOTSTRAP_SAMPLES:
        rows = generator.integers(len(truth), size=len(truth))
        if np.ptp(truth[rows]) > 0:
            samples.append(compute(rows))
    values = [[*sample.values()] for sample in samples]
    return dict(zip(samples[0], np.std(values, axis=0, ddof=1).tolist(), strict=True))


def _with_deviations(values: dict[str, float], deviations: dict[str, float]) -> dict[str, Any]:
    return {
        name: {"value": value, "standard_deviation": deviations[name]}
        for name, value in values.items()
    }


def _of_labels(truth: NDArray[np.int64], chosen: NDArray[np.int64], count: int) -> dict[str, float]:
    """Return what SageMaker computes from the chosen classes alone."""
    commonest = float(np.bincount(truth).max() / len(truth))
    found = {"accuracy_best_constant_classifier": commonest}
    precision, recall, _, support = metrics.precision_recall_fscore_support(
        truth, chosen, labels=range(count), zero_division=0
    )
    # Of two classes the second counts, of more each as much as it has rows.
    shares = np.array([0.0, 1.0]) if count == 2 else support / len(truth)
    prefix = "" if count == 2 else "weighted_"
    values = {"precision": precision, "recall": recall}
    values |= {name: _f_beta(precision, recall, beta) for name, beta in _BETAS.items()}
    found |= {f"{prefix}{name}": float(shares @ each) for name, each in values.items()}
    if count == 2:
        hits, alarms = float(chosen[truth == 1].mean()), float(chosen[truth == 0].mean())
        found |= {"true_positive_rate": hits, "false_negative_rate": 1 - hits}
        found |= {"false_positive_rate": alarms, "true_negative_rate": 1 - alarms}
    return found


def _f_beta(
    precision: NDArray[np.float64], recall: NDArray[np.float64], beta: float
) -> NDArray[np.float64]:
    """Return (1 + beta²) x precision x recall / (beta² x precision + recall); 0 where both are."""
    below = beta**2 * precision + recall
    above = (1 + beta**2) * precision * recall
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _confusion(
    truth: NDArray[np.int64], chances: NDArray[np.float64], classes: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Return actual class → predicted class → rows."""
    counts = metrics.confusion_matrix(truth, chances.argmax(axis=1), labels=range(len(classes)))
    return {
        name: dict(zip(classes, line, strict=True))
        for name, line in zip(classes, counts.tolist(), strict=True)
    }


def _curves(truth: NDArray[np.int64], chances: NDArray[np.float64]) -> dict[str, Any]:
    """Return both curves of the positive class, thinned."""
    false, true, _ = metrics.roc_curve(truth, chances)
    precisions, recalls, _ = metrics.precision_recall_curve(truth, chances)
    return {
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": _thinned(false),
            "true_positive_rates": _thinned(true),
        },
        "precision_recall_curve": {
            "precisions": _thinned(precisions[::-1]),
            "recalls": _thinned(recalls[::-1]),
        },
    }


def _thinned(values: NDArray[np.float64]) -> list[float]:
    places = np.unique(np.linspace(0, len(values) - 1, _POINTS).astype(int))
    return [float(value) for value in values[places]]
