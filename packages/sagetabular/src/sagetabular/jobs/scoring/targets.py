"""Targets of classes: which there are, in which order, and how a table holds them.

Tables between the jobs hold a class as text. Models get a categorical column, whose categories are
all classes in the order of the probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sagetabular.jobs.errors import JobError, shown
from sagetabular.jobs.scoring.metrics import Task
from sagetabular.printing import listed
from sagetabular.reading.values import is_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

MOST_CLASSES = 256
_FILE = "conf/pipeline.yaml"


def classes_of(values: Iterable[str], positive: str | None) -> list[str]:
    """Return the classes that occur, in their order.

    Numbers are ordered by value, before text; of two classes the positive one is the last.

    Args:
        values: The target, without gaps.
        positive: The positive class, for two.
    """
    found = sorted(set(values), key=_order)
    if positive in found:
        found.remove(positive)
        found.append(positive)
    return found


def _order(name: str) -> tuple[bool, float, str]:
    known = is_number(name)
    return not known, float(name) if known else 0.0, name


def as_target(values: pd.Series, task: Task, positive: str | None) -> pd.Series:
    """Return the target of training rows as models get it.

    Args:
        values: Shape (rows,), as the table holds it.
        task: What is asked for.
        positive: The positive class, for two.

    Returns:
        The numbers as they are, or a categorical column.
    """
    if task == "regression":
        return values
    return values.astype(pd.CategoricalDtype(classes_of(values, positive)))


def classes_in(target: pd.Series) -> list[str]:
    """Return the classes of what `as_target` returned; nothing for numbers."""
    known = isinstance(target.dtype, pd.CategoricalDtype)
    return [str(name) for name in target.cat.categories] if known else []


def labels(probabilities: NDArray[np.float64], classes: Sequence[str]) -> NDArray[np.object_]:
    """Return the most probable class of each row, the first of equally probable ones.

    Args:
        probabilities: Shape (rows, classes).
        classes: Their names, in that order.
    """
    chosen: NDArray[np.object_] = np.asarray(classes, dtype=object)[probabilities.argmax(axis=1)]
    return chosen


def check_classes(target: pd.Series, task: Task, positive: str | None) -> list[str]:
    """Return the classes of all rows, if they are what the task is about.

    Args:
        target: Shape (rows,), text without gaps.
        task: `binary` or `multiclass`.
        positive: The positive class, for two.

    Raises:
        JobError: There are too few or too many, or the positive one is not among them.
    """
    classes, name = classes_of(target, positive), target.name
    words = f"got {len(classes)}: {listed(classes_of(target, None))}"
    rule = f"{_FILE}: data.target {str(name)!r} must have"
    if task == "binary" and len(classes) != 2:
        what = "`task: multiclass`" if len(classes) > 2 else "another target"
        raise JobError(f"{rule} two classes for `task: binary`, {words}.", f"Set {what}.")
    if task == "multiclass" and not 2 < len(classes) <= MOST_CLASSES:
        what = "`task: binary`" if len(classes) == 2 else "another target, or `task: regression`"
        rule = f"{rule} 3 to {MOST_CLASSES} classes for `task: multiclass`"
        raise JobError(f"{rule}, {words}.", f"Set {what}.")
    if task == "binary" and positive not in classes:
        msg = f"{_FILE}: data.positive must be a class of {str(name)!r}, got {shown(positive)}."
        raise JobError(msg, f"There are {listed(classes)}.")
    return classes


def row_weights(
    target: pd.Series, weights: pd.Series | None, of_classes: Any
) -> NDArray[np.float64] | None:
    """Return how much each training row counts, shape (rows,); None if all count equally.

    Their mean is 1, so that what models count in weights, such as XGBoost's `min_child_weight`,
    keeps its meaning whatever the unit of the column is.

    Args:
        target: Shape (rows,).
        weights: Of the rows, from a column of the data.
        of_classes: `balanced`, for classes that count equally much in sum; class → weight, where
            others count 1; or None.

    Raises:
        JobError: A weight is given for what is no class.
    """
    if weights is None and of_classes is None:
        return None
    found = np.ones(len(target)) if weights is None else weights.to_numpy(np.float64)
    if of_classes is not None:
        factors = _balanced(target) if of_classes == "balanced" else _given(target, of_classes)
        found = found * target.map(factors).to_numpy(np.float64)
    scaled: NDArray[np.float64] = found / found.mean()
    return scaled


def _balanced(target: pd.Series) -> dict[str, float]:
    """Return rows / (classes x rows of the class), as scikit-learn balances classes."""
    counts = target.value_counts()
    return {str(name): len(target) / (len(counts) * count) for name, count in counts.items()}


def _given(target: pd.Series, of_classes: Mapping[str, float]) -> dict[str, float]:
    classes = classes_of(target, None)
    for name in of_classes:
        if name not in classes:
            msg = f"{_FILE}: data.class_weights must name classes, got {shown(name)}."
            raise JobError(msg, f"There are {listed(classes)}.")
    return {name: of_classes.get(name, 1.0) for name in classes}
