"""Columns that give the target away, so that nothing is learned from them without being asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sagetabular.jobs.rows.giveaway import find_giveaways
from sagetabular.reading.values import Marks, category

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from sagetabular.jobs.scoring.metrics import Task

# Of so few rows, a few that agree by chance are a large share.
_FEWEST_ROWS = 100
_MOST_ROWS = 100_000


def give_away(
    table: pa.Table, features: Mapping[str, str], target: str, task: Task
) -> dict[str, str]:
    """Return the columns that give the target away, each with what it explains.

    Args:
        table: The rows, converted; those without a target do not count.
        features: Columns to learn from → their types.
        target: The column to predict.
        task: How to read it.
    """
    frame = table.select([*features, target]).to_pandas(integer_object_nulls=True)
    frame = frame[frame[target].notna()]
    if len(frame) < _FEWEST_ROWS or not features:
        return {}
    frame = frame.iloc[:: len(frame) // _MOST_ROWS + 1].reset_index(drop=True)
    columns = {name: _as(frame[name], kind) for name, kind in features.items()}
    goal = _as(frame[target], "number" if task == "regression" else "category")
    found: dict[str, str] = {}
    for each in find_giveaways(pd.DataFrame(columns), goal, task):
        what = "alone explains" if len(each.columns) == 1 else f"{each.formula}:"
        for name in each.columns:
            found.setdefault(name, f"{what} {each.share:.0%} of {target}")
    return found


def _as(values: pd.Series, kind: str) -> pd.Series:
    """Return a column as the jobs have it: float64, or text and None."""
    if kind == "number":
        return pd.to_numeric(values).astype(np.float64)
    texts = values.astype(object).where(values.notna(), None)
    return texts.map(lambda value: category(value, Marks()), na_action="ignore")
