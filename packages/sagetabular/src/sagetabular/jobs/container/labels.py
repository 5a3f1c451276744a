"""Labels of the classic contract: numbers, or classes if `job_task` asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np
import pandas as pd

from sagetabular.jobs.errors import JobError, shown
from sagetabular.jobs.scoring.metrics import Task
from sagetabular.jobs.scoring.targets import as_target, classes_of
from sagetabular.printing import listed
from sagetabular.reading.values import Marks, category

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = "hyperparameters.json"
_TWO = 2
_REMEDY = "CSV has its label first; name another column of Parquet by job_target."


@dataclass(frozen=True)
class Goal:
    """What a job asks for.

    Attributes:
        task: The task.
        positive: Of two classes, the one whose probability counts; None: the last one.
    """

    task: Task = "regression"
    positive: str | None = None


def read_goal(values: Mapping[str, Any]) -> Goal:
    """Return what `job_task` and `job_positive` ask for.

    Raises:
        JobError: One breaks its rule.
    """
    task, given = values.get("job_task", "regression"), values.get("job_positive")
    if task not in get_args(Task):
        msg = f"{_FILE}: job_task must be {' or '.join(get_args(Task))}, got {shown(task)}."
        raise JobError(msg, "Drop it for regression.")
    if given is None:
        return Goal(cast("Task", task))
    if task != "binary":
        msg = f"{_FILE}: job_positive is for job_task binary, got {shown(given)} for {task}."
        raise JobError(msg, "Drop it, or set job_task.")
    return Goal("binary", category(given, Marks()))


def as_labels(values: pd.Series, goal: Goal, place: str) -> pd.Series:
    """Return the labels of a channel, shape (rows,): finite numbers, or classes as text.

    Raises:
        JobError: One is missing or no number; it names the row.
    """
    if goal.task == "regression":
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
        _refuse(values, ~np.isfinite(numbers), "a finite number", place)
        return values.astype(np.float64)
    texts = values.map(lambda value: category(value, Marks()))
    _refuse(values, texts.isna().to_numpy(), "a class", place)
    return texts


def as_training_target(labels: pd.Series, goal: Goal, place: str) -> pd.Series:
    """Return the labels as models get them; classes are categories, the positive one last.

    Raises:
        JobError: There are too few or too many classes, or the positive one is not among them.
    """
    if goal.task == "regression":
        return labels
    classes = classes_of(labels, goal.positive)
    fits = len(classes) == _TWO if goal.task == "binary" else len(classes) > _TWO
    if not fits:
        wanted = "two classes" if goal.task == "binary" else "three classes or more"
        msg = f"{place}: job_task {goal.task} needs {wanted}, got {len(classes)}"
        raise JobError(f"{msg}: {listed(classes)}.", "Set another job_task, or check the label.")
    if goal.positive is not None and goal.positive not in classes:
        msg = f"{place}: job_positive must be a class, got {shown(goal.positive)}."
        raise JobError(msg, f"There are {listed(classes)}.")
    return as_target(labels, goal.task, goal.positive)


def _refuse(values: pd.Series, broken: np.ndarray[Any, Any], what: str, place: str) -> None:
    if broken.any():
        row = int(np.flatnonzero(broken)[0])
        value = repr(values.tolist()[row])  # as Python's own, which numpy writes with its type
        got = f"got {value} in row {row + 1}"
        raise JobError(f"{place}: the label {str(values.name)!r} must be {what}, {got}.", _REMEDY)
