"""What a reader looks for first: whether the gate was passed, and which settings were best."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sagetabular.report.charts.axes import short
from sagetabular.report.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagelocal import ExecutionRecord
    from sagetabular.report.searches import Range, SearchOutcome

GATE = "QualityGate"
# The share of a range, on the scale that was searched, that counts as its edge.
EDGE = 0.05
_LARGE = 1000  # in the target's unit: decimals say nothing
_IN_WORDS = {
    ("GreaterThanOrEqualTo", "True"): "at least",
    ("GreaterThanOrEqualTo", "False"): "below",
    ("LessThanOrEqualTo", "True"): "at most",
    ("LessThanOrEqualTo", "False"): "above",
}


def gate(record: ExecutionRecord) -> str:
    """Return what came of the quality gate, such as `passed: 0.83 is at least 0.6`."""
    step = record.steps.get(GATE)
    if step is None:
        return "none in this pipeline"
    if step.outcome is None:
        return "not reached"
    verdict = "passed" if step.outcome == "True" else "not passed"
    conditions = (step.arguments or {}).get("Conditions", [])
    words = [_compared(condition, step.outcome) for condition in conditions]
    return f"{verdict}: {' and '.join(words)}" if all(words) and words else verdict


def _compared(condition: Mapping[str, object], outcome: str) -> str:
    """Return a comparison of two numbers in words; empty for any other condition."""
    left, right = condition.get("LeftValue"), condition.get("RightValue")
    words = _IN_WORDS.get((str(condition.get("Type")), outcome))
    if words is None or not isinstance(left, int | float) or not isinstance(right, int | float):
        return ""
    return f"{_rounded(left, right)} is {words} {_short(right)}"


def _rounded(score: float, limit: float) -> str:
    """Return a score with four decimals, or all of its digits where fewer would say the limit."""
    text = f"{score:,.4f}" if abs(score) < _LARGE else f"{score:,.1f}"
    return repr(score) if float(text.replace(",", "")) == limit != score else text


def _short(limit: float) -> str:
    return f"{limit:,.10g}" if abs(limit) < 1e10 else f"{limit:g}"


def best_settings(search: SearchOutcome | None) -> Table | None:
    """Return the hyperparameters of a model's best trial, and which lie at an edge.

    Args:
        search: Its search; None for a model without one.
    """
    best = search.best if search else None
    if search is None or best is None or not search.ranges:
        return None
    rows = [
        [space.name, short(value), edge_of(space, value), str(space)]
        for space in search.ranges
        for value in [best.hyperparameters[space.name]]
    ]
    header = ["setting", "best ", "at an edge", "searched"]
    if not any(row[2] for row in rows):
        header, rows = header[:2] + header[3:], [row[:2] + row[3:] for row in rows]
    return Table(f"Best settings of {search.model}", header, rows)


def edge_of(space: Range, value: str) -> str:
    """Return at which edge of its range a value lies, in words; empty if at none."""
    if space.values:
        return ""
    low, high, at = float(space.low), float(space.high), float(value)
    if not low < high:
        return ""
    if space.logarithmic:
        low, high, at = math.log(low), math.log(high), math.log(at)
    share = (at - low) / (high - low)
    if EDGE < share < 1 - EDGE:
        return ""
    return "lower edge" if share <= EDGE else "upper edge"
