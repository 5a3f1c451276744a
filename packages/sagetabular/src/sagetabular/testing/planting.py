"""A table for any `conf/pipeline.yaml`, in which there is something to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sagetabular.settings import PipelineConf
    from sagetabular.settings.data import Column
    from sagetabular.settings.project import Split

# What the next column adds to the target, of what the one before it adds.
_FALL = 0.8
# Rows of a group: so many groups that any number of folds gets some.
_GROUP = 4


def planted_table(pipeline: PipelineConf, rows: int = 400, seed: int = 7) -> pd.DataFrame:
    """Make a table with the declared columns, whose target those explain that a model sees.

    The first columns explain most, so that it can be learned however many there are. What the rows
    are split by has many groups, or an own time for every row.

    Args:
        pipeline: `conf/pipeline.yaml`.
        rows: How many rows.
        seed: Of everything random.

    Returns:
        Shape (rows, columns): numbers as float64, categories as text, times as timestamps.
    """
    random = np.random.default_rng(seed)
    data, split = pipeline.data, pipeline.split
    unseen = {*data.drop, split.by if split.kind == "grouped" else None}
    table: dict[str, Any] = {}
    signal, weight = np.zeros(rows), 1.0
    for name, column in data.columns.items():
        if name == data.target:
            continue
        if name == split.by:
            table[name], values = _split_by(split, column, name, rows, random)
        else:
            table[name], values = _planted(column, name, rows, random)
        if name not in unseen and values is not None:
            signal, weight = signal + weight * values, weight * _FALL
    table[data.target] = signal + 0.1 * random.normal(size=rows)
    return pd.DataFrame(table)


def _planted(
    column: Column, name: str, rows: int, random: np.random.Generator
) -> tuple[Any, NDArray[np.float64] | None]:
    """Return values of a column, and what they add to the target; times add nothing."""
    if column.type == "number":
        values = random.normal(size=rows)
        return values, values
    if column.type == "category":
        known = np.array(column.one_hot or [f"{name} {letter}" for letter in "abc"])
        chosen = random.integers(len(known), size=rows)
        return known[chosen], chosen.astype(np.float64)
    return _times(rows, random), None


def _split_by(
    split: Split, column: Column, name: str, rows: int, random: np.random.Generator
) -> tuple[Any, NDArray[np.float64] | None]:
    """Return the column that rows are split by: groups of four rows, or one time a row."""
    if split.kind == "grouped":
        groups = random.permutation(rows) // _GROUP
        texts = np.array([f"{name} {group}" for group in groups])
        return (texts if column.type == "category" else groups.astype(np.float64)), None
    if column.type == "time":
        return _times(rows, random), None
    return random.permutation(rows).astype(np.float64), np.zeros(rows)


def _times(rows: int, random: np.random.Generator) -> Any:
    return pd.Timestamp("2020-01-01") + pd.to_timedelta(random.permutation(rows), unit="D")
