"""How scores are written: their metric's name, so many digits, and whether a change is good."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagetabular.jobs.scoring.metrics import Metric

_DECIMALS = 4
_IN_UNITS_OF_THE_TARGET = ("rmse", "mae")
_SIGNIFICANT = 5


def score_text(metric: Metric, value: float) -> str:
    """Return a score with four decimals; one in the target's unit with five digits.

    Examples:
        >>> from sagetabular.jobs.scoring.metrics import METRICS
        >>> [score_text(METRICS["rmse"], value) for value in (68123.456, 0.00123456)]
        ['68,123', '0.0012346']
        >>> score_text(METRICS["r2"], -12345.6)
        '-12345.6000'
    """
    if metric.name not in _IN_UNITS_OF_THE_TARGET:
        return f"{value:.{_DECIMALS}f}"
    return f"{value:,.{_decimals_of(value)}f}"


def deviation_text(metric: Metric, value: float, deviation: float) -> str:
    """Return a standard deviation with as many decimals as its score has."""
    if metric.name not in _IN_UNITS_OF_THE_TARGET:
        return f"± {deviation:.{_DECIMALS}f}"
    return f"± {deviation:,.{_decimals_of(value)}f}"


def change_text(metric: Metric, before: float, after: float) -> str:
    """Return how a score has changed; of a loss, which is better if lower, also what that means."""
    decimals = _DECIMALS
    if metric.name in _IN_UNITS_OF_THE_TARGET:
        decimals = _decimals_of(max(abs(before), abs(after)))
    text = f"{after - before:+,.{decimals}f}"
    if metric.greater_is_better or before == after:
        return text
    return f"{text}, {'better' if metric.better(after, before) else 'worse'}"


def direction_text(metric: Metric) -> str:
    """Return which scores are the better ones: `higher is better`, `lower is better`."""
    return f"{'higher' if metric.greater_is_better else 'lower'} is better"


def _decimals_of(value: float) -> int:
    if value == 0 or not math.isfinite(value):
        return _DECIMALS
    return max(_SIGNIFICANT - 1 - math.floor(math.log10(abs(value))), 0)
