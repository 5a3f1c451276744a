"""The data-quality baseline: what SageMaker Model Monitor compares later rows with.

It is the form of the files `statistics.json` and `constraints.json` that Model Monitor's own image
writes; the same rows give the same bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

# As Model Monitor's image has them: buckets of a histogram, and size and decay of the sketch.
_BUCKETS = 10
_SKETCH = {"c": 0.64, "k": 2048.0}
# More categories than these are no domain that a later row could be held to.
_CATEGORIES = 100
_MONITORING = {
    "evaluate_constraints": "Enabled",
    "emit_metrics": "Enabled",
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 1.0,
    "distribution_constraints": {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
    },
}


def write_baseline(features: pd.DataFrame, folder: Path) -> None:
    """Write `statistics.json` and `constraints.json` for rows that a model is fitted on.

    Args:
        features: Shape (rows, columns); numbers as float64 with NaN where missing, categories as
            text or None.
        folder: Where to; it is made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    documents = {
        "statistics": {
            "version": 0,
            "dataset": {"item_count": len(features)},
            "features": [_statistics(str(name), features[name]) for name in features],
        },
        "constraints": {
            "version": 0,
            "features": [_constraints(str(name), features[name]) for name in features],
            "monitoring_config": _MONITORING,
        },
    }
    for name, document in documents.items():
        text = json.dumps(document, indent=1, allow_nan=False)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


def _inferred_type(present: pd.Series) -> str:
    if present.empty:
        return "Unknown"
    if present.dtype != np.float64:
        return "String"
    return "Integral" if (present % 1 == 0).all() else "Fractional"


def _statistics(name: str, values: pd.Series) -> dict[str, Any]:
    present = values.dropna()
    kind = _inferred_type(present)
    common = {"num_present": len(present), "num_missing": len(values) - len(present)}
    if kind == "String":
        return {
            "name": name,
            "inferred_type": kind,
            "string_statistics": {"common": common, **_of_categories(present)},
        }
    of_numbers = {} if present.empty else _of_numbers(np.sort(present.to_numpy()))
    numbers = {"common": common, **of_numbers}
    return {"name": name, "inferred_type": kind, "numerical_statistics": numbers}


def _of_categories(present: pd.Series) -> dict[str, Any]:
    counts = sorted(present.value_counts().items(), key=lambda entry: (-entry[1], str(entry[0])))
    buckets = [{"value": str(value), "count": int(count)} for value, count in counts[:_CATEGORIES]]
    return {
        "distinct_count": len(counts),
        "distribution": {"categorical": {"buckets": buckets}},
    }


def _of_numbers(ordered: NDArray[np.float64]) -> dict[str, Any]:
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is left out
        moments = {"mean": ordered.mean(), "sum": ordered.sum(), "std_dev": ordered.std()}
    known = {name: float(value) for name, value in moments.items() if np.isfinite(value)}
    sketch = {"parameters": _SKETCH, "data": _compact(ordered)}
    return {
        **known,
        "min": float(ordered[0]),
        "max": float(ordered[-1]),
        "distribution": {"kll": {"buckets": _histogram(ordered), "sketch": sketch}},
    }


def _histogram(ordered: NDArray[np.float64]) -> list[dict[str, float]]:
    """Count in buckets of equal width, the last of which holds the maximum."""
    low, high = ordered[0], ordered[-1]
    shares = np.linspace(0, 1, _BUCKETS + 1)
    # Not `low + shares * (high - low)`, which can overflow; rounding must not turn edges round.
    edges = np.maximum.accumulate(low * (1 - shares) + high * shares).clip(low, high)
    counts, _ = np.histogram(ordered, edges)
    return [
        {"lower_bound": float(lower), "upper_bound": float(upper), "count": int(count)}
        for lower, upper, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]


def _compact(ordered: NDArray[np.float64]) -> list[list[float]]:
    """Return the levels of a KLL sketch: a value of level n stands for 2 to the power of n rows.

    Of sorted rows the middle one of each block stands for the block, so nothing is left to chance.
    """
    top = 0
    while len(ordered) >> top > _SKETCH["k"]:
        top += 1
    levels, start = [], 0
    for size in (1 << level for level in range(top)):
        levels.append([float(ordered[start + size // 2])] if len(ordered) & size else [])
        start += len(ordered) & size
    return [*levels, ordered[start + (1 << top) // 2 :: 1 << top].tolist()]


def _constraints(name: str, values: pd.Series) -> dict[str, Any]:
    present = values.dropna()
    kind = _inferred_type(present)
    common = {"name": name, "inferred_type": kind, "completeness": len(present) / len(values)}
    if kind == "String":
        domains = sorted(map(str, present.unique()))
        known = {"string_constraints": {"domains": domains}}
        return {**common, **(known if len(domains) <= _CATEGORIES else {})}
    if kind == "Unknown":
        return common
    return {**common, "num_constraints": {"is_non_negative": bool((present >= 0).all())}}
