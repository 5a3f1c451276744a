"""The score that a model must reach: a little better than the best guess without any column."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sagetabular.jobs.scoring.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.starting.inference.kinds import Found
    from sagetabular.starting.inference.targets import Goal

# Of the way from guessing to a perfect score.
STEP = 0.05


@dataclass(frozen=True)
class Gate:
    """A gate: its key in `selection`, its value, and the score of guessing."""

    key: Literal["minimum", "maximum"]
    value: float
    trivial: float


def find_gate(goal: Goal, found: Found) -> Gate:
    """Return the gate for a task and metric.

    Args:
        goal: The task.
        found: What the target's column holds.
    """
    metric = METRICS[goal.metric]
    trivial = _of_classes(goal) if goal.classes else _of_numbers(goal.metric, found)
    if metric.greater_is_better:
        return Gate("minimum", _rounded(trivial + STEP * (1 - trivial)), trivial)
    return Gate("maximum", _rounded(trivial * (1 - STEP)), trivial)


def _of_numbers(metric: str, found: Found) -> float:
    """Return the score of the mean, for MAE of the median."""
    if metric == "r2":
        return 0.0
    counts = [*zip(found.numeric, found.values.values(), strict=True)]
    rows = sum(count for _, count in counts)
    if metric == "rmse":
        mean = sum(value * count for value, count in counts) / rows
        return math.sqrt(sum(count * (value - mean) ** 2 for value, count in counts) / rows)
    return _mean_distance(sorted(counts), rows)


def _mean_distance(counts: list[tuple[float, int]], rows: int) -> float:
    """Return the mean distance from the median."""
    seen, median = 0, counts[0][0]
    for value, count in counts:
        seen += count
        median = value
        if 2 * seen >= rows:
            break
    return sum(count * abs(value - median) for value, count in counts) / rows


def _of_classes(goal: Goal) -> float:
    """Return the score of the commonest class, of equal chances, or of the classes' shares."""
    shares = _shares(goal.classes)
    most, count = max(shares.values()), len(shares)
    positive = shares.get(goal.positive or "", 0.0)
    scores = {
        "roc_auc": 0.5,
        "average_precision": positive,
        "log_loss": -sum(share * math.log(share) for share in shares.values()),
        # Of a model that calls every row positive: the best without a look at it.
        "f1": 2 * positive / (1 + positive),
        "accuracy": most,
        "balanced_accuracy": 1 / count,
        "macro_f1": 2 * most / (1 + most) / count,
    }
    return scores[goal.metric]


def _shares(classes: Mapping[str, int]) -> dict[str, float]:
    rows = sum(classes.values())
    return {name: count / rows for name, count in classes.items()}


def _rounded(value: float) -> float:
    """Round to four digits: a gate is no measurement."""
    return float(f"{value:.4g}")
