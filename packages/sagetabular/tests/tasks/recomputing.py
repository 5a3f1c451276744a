"""Every metric from its definition, with numpy alone.

Definitions: "Metrics and scoring" of scikit-learn's user guide; ROC AUC as the share of pairs that
are ranked right (Mann and Whitney 1947), ties counting half.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

# A probability of 0 counts as the least difference of 1 and the next number.
LEAST = np.finfo(np.float64).eps


def metrics_of(task: str, rows: pd.DataFrame, classes: list[str]) -> dict[str, float]:
    """All metrics of a task, from a table of predictions that a job has left."""
    actual, predicted = rows["actual"].to_numpy(), rows["predicted"].to_numpy()
    if task == "regression":
        return of_numbers(actual.astype(float), predicted.astype(float))
    chances = np.column_stack([rows[f"probability_{name}"] for name in classes])
    assert list(predicted) == [classes[int(np.argmax(line))] for line in chances]
    return of_classes(actual, predicted, chances, classes)


def of_numbers(actual: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    wrong = actual - predicted
    around_mean = actual - actual.sum() / len(actual)
    return {
        "r2": 1 - (wrong @ wrong) / (around_mean @ around_mean),
        "rmse": ((wrong @ wrong) / len(actual)) ** 0.5,
        "mae": np.abs(wrong).sum() / len(actual),
    }


def of_classes(
    actual: np.ndarray, predicted: np.ndarray, chances: np.ndarray, classes: list[str]
) -> dict[str, float]:
    # Actual class by predicted class.
    counts = np.array(
        [[np.sum((actual == one) & (predicted == other)) for other in classes] for one in classes]
    )
    right, of_class, guessed = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    occurs = of_class > 0
    f1 = 2 * right / np.maximum(of_class + guessed, 1)
    given = chances[np.arange(len(actual)), [classes.index(name) for name in actual]]
    areas = [
        ranked_right(actual == name, chances[:, place])
        for place, name in enumerate(classes)
        if occurs[place]
    ]
    found = {
        "accuracy": right.sum() / counts.sum(),
        "balanced_accuracy": (right[occurs] / of_class[occurs]).mean(),
        "macro_f1": f1[(of_class + guessed) > 0].mean(),
        "log_loss": -np.log(np.maximum(given / chances.sum(axis=1), LEAST)).mean(),
        "roc_auc": float(np.mean(areas)),
    }
    if len(classes) == 2:
        is_positive, chance = actual == classes[1], chances[:, 1]
        found["roc_auc"] = ranked_right(is_positive, chance)
        found["average_precision"] = average_precision(is_positive, chance)
        found["f1"] = f1[1]
    return found


def ranked_right(is_positive: np.ndarray, chance: np.ndarray) -> float:
    """The share of pairs of a positive and another row in which the positive is ranked higher."""
    difference = chance[is_positive][:, None] - chance[~is_positive][None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def average_precision(is_positive: np.ndarray, chance: np.ndarray) -> float:
    """The sum over thresholds of the precision there times the recall that it adds."""
    total, before = 0.0, 0.0
    for threshold in sorted(set(chance.tolist()), reverse=True):
        chosen = chance >= threshold
        recall = is_positive[chosen].sum() / is_positive.sum()
        total += (recall - before) * is_positive[chosen].mean()
        before = recall
    return total
