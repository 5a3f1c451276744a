"""A table for any `conf/pipeline.yaml`, in which there is something to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sagetabular.reading.values import is_number, make_marks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sagetabular.settings import PipelineConf
    from sagetabular.settings.data import Column, Data
    from sagetabular.settings.project import Split

# What the next column adds to the target, of what the one before it adds.
_FALL = 0.8
# Classes of a task; a multiclass target has more if more of them have weights.
_CLASSES = {"binary": 2, "multiclass": 3}
# Rows of a group: so many groups that any number of folds gets some.
_GROUP = 4


def planted_table(pipeline: PipelineConf, rows: int = 400, seed: int = 7) -> pd.DataFrame:
    """Make a table with the declared columns, whose target those explain that a model sees.

    The first columns explain most, so that it can be learned however many there are. What the rows
    are split by has many groups, or an own time for every row. Classes, among them those that the
    settings name, have equally many rows; weights say nothing about the target.

    Args:
        pipeline: `conf/pipeline.yaml`.
        rows: How many rows.
        seed: Of everything random.

    Returns:
        Shape (rows, columns): numbers as float64, categories as text, times as timestamps; the
        target likewise, as its column is declared.
    """
    random = np.random.default_rng(seed)
    data, split = pipeline.data, pipeline.split
    unseen = {*data.drop, split.by if split.kind == "grouped" else None}
    table: dict[str, Any] = {}
    signal, weight = np.zeros(rows), 1.0
    for name, column in data.columns.items():
        if name == data.target:
            continue
        if name == data.weights:
            table[name], values = random.uniform(0.5, 2.0, size=rows), None
        elif name == split.by:
            table[name], values = _split_by(split, column, name, rows, random)
        else:
            table[name], values = _planted(column, name, rows, random)
        if name not in unseen and values is not None:
            signal, weight = signal + weight * values, weight * _FALL
    signal = signal + 0.1 * random.normal(size=rows)
    classes = _classes(data, _CLASSES.get(pipeline.task, 0))
    table[data.target] = _labels(signal, classes) if classes else signal
    return pd.DataFrame(table)


def _labels(signal: NDArray[np.float64], classes: list[Any]) -> NDArray[Any]:
    """Return classes, each as the quantile of the signal that is as far up."""
    ranks = signal.argsort().argsort()
    found: NDArray[Any] = np.array(classes)[ranks * len(classes) // len(ranks)]
    return found


def _classes(data: Data, count: int) -> list[Any]:
    """Return those that the settings name, and as many more as the task needs; none for numbers."""
    if not count:
        return []
    weighted = data.class_weights if isinstance(data.class_weights, dict) else {}
    names = dict.fromkeys([*weighted, *([data.positive] if data.positive is not None else [])])
    others = _names(data)
    while len(names) < count:
        names.setdefault(next(others))
    numeric = data.columns[data.target].type == "number"
    return [float(name) for name in names if is_number(name)] if numeric else [*names]


def _names(data: Data) -> Iterator[str]:
    """Yield names of classes that no mark for a missing value is: numbers for a number."""
    marks, numeric = make_marks(data.missing), data.columns[data.target].type == "number"
    number = 0
    while True:
        name = str(number) if numeric else f"{data.target} {number}"
        if name not in marks and float(number) not in marks.numbers:
            yield name
        number += 1


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
