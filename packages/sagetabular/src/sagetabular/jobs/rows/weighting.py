"""Classes and weights of the rows: checked before any model is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.scoring.targets import check_classes, row_weights
from sagetabular.jobs.tables import FOLD, WEIGHT
from sagetabular.printing import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_FILE = "conf/pipeline.yaml"


def task_of(settings: Mapping[str, Any]) -> Any:
    """Return the task, which the settings name where it is not regression."""
    return settings.get("task", "regression")


def check_rows(rows: pd.DataFrame, settings: Mapping[str, Any]) -> None:
    """Accept or refuse the target of all rows, and their weights.

    Args:
        rows: Cleaned rows.
        settings: What `conf/pipeline.yaml` says: target, task, positive, weights.

    Raises:
        JobError: There are other classes than the task has, or a weight is missing or not above 0.
    """
    if task_of(settings) != "regression":
        check_classes(rows[settings["target"]], task_of(settings), settings.get("positive"))
    name = settings.get("weights")
    if name is None:
        return
    bad = ~(rows[name] > 0)
    if bad.any():
        place = int(np.argmax(bad.to_numpy())) + 1
        shown = rows[name][bad].iloc[0]
        msg = f"{_FILE}: data.weights {name!r} must hold numbers above 0, got {shown}"
        remedy = f"Leave rows out that do not count: `WHERE {name} > 0`, or in the files."
        raise JobError(f"{msg} ({int(bad.sum())} rows so, the first is row {place}).", remedy)


def check_sides(training: pd.DataFrame, test: pd.DataFrame, settings: Mapping[str, Any]) -> None:
    """Refuse a split in which a class cannot be learned, or not be validated.

    Args:
        training: Training rows, with the column `FOLD`.
        test: Test rows.
        settings: As in `check_rows`.

    Raises:
        JobError: No training row has a class, or fewer than a stratified split has folds.
    """
    if task_of(settings) == "regression":
        return
    target = settings["target"]
    unknown = sorted({*test[target]} - {*training[target]})
    if unknown:
        msg = f"{_FILE}: data.target {target!r}: no training row has the class {unknown[0]!r}"
        remedy = "Query more rows of it, leave it out in the query, or use another split."
        raise JobError(
            f"{msg}, {int((test[target] == unknown[0]).sum())} test rows have it.", remedy
        )
    folds = int(training[FOLD].max()) + 1
    if settings["split"]["kind"] == "stratified" and folds > 1:
        counts = training[target].value_counts()
        rare = [f"{name} {count}" for name, count in counts.items() if count < folds]
        if rare:
            msg = f"{_FILE}: split.folds must not exceed the training rows of a class"
            remedy = "Use fewer folds, query more rows of it, or leave it out in the query."
            raise JobError(f"{msg}, got {folds} folds and {listed(rare)} rows.", remedy)


def without_unseen(part: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return rows without the columns that no model sees; weights are still among them."""
    return part.drop(columns=[name for name in settings["drop"] if name in part])


def with_weights(training: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return the training rows with the column `WEIGHT`, if they do not count equally.

    Args:
        training: Training rows.
        settings: What `conf/pipeline.yaml` says: target, weights, class_weights.

    Raises:
        JobError: A weight is given for what is no class.
    """
    name = settings.get("weights")
    weights = None if name is None else training[name]
    found = row_weights(training[settings["target"]], weights, settings.get("class_weights"))
    kept = training if name is None else training.drop(columns=name)
    return kept if found is None else kept.assign(**{WEIGHT: found})
