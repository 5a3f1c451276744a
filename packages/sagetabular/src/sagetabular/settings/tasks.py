"""Rules of the data that the task decides on: target, classes, weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.settings.loading import RuleError
from sagetabular.settings.reading import shown

if TYPE_CHECKING:
    from sagetabular.jobs.scoring.metrics import Task
    from sagetabular.settings.data import Data


def check_task(data: Data, task: Task) -> None:
    """Accept or refuse what `data` says for a task.

    Raises:
        RuleError: The target is of a type that the task cannot have, or a setting is missing or of
            another task.
    """
    _check_target(data, task)
    _check_weights(data)
    if task == "binary" and data.positive is None:
        msg = "needs data.positive for the task binary: the class to find."
        raise RuleError(msg, 'Add it, spelled as in the data: `positive: "yes"`.')
    for name, tasks in (("positive", ("binary",)), ("class_weights", ("binary", "multiclass"))):
        value = getattr(data, name)
        if value is not None and task not in tasks:
            msg = f"takes no data.{name} for the task {task}, got {shown(value)}."
            raise RuleError(msg, f"Remove it, or set `task: {tasks[0]}`.")


def _check_target(data: Data, task: Task) -> None:
    target, column = data.target, data.columns[data.target]
    if task == "regression" and (column.type != "number" or column.optional):
        msg = f"data must declare the target {target!r} as a number that is not optional."
        raise RuleError(msg, f"Write `{target}: number` under data.columns{_hint(column.type)}.")
    if task != "regression" and (column.type == "time" or column.optional):
        msg = f"data must declare the target {target!r} as a category that is not optional."
        raise RuleError(msg, f"Write `{target}: category` under data.columns.")


def _hint(kind: str) -> str:
    return ", or set `task: binary` or `multiclass`" if kind == "category" else ""


def _check_weights(data: Data) -> None:
    """Refuse weights that are not declared as a number, or are needed for something else."""
    name = data.weights
    if name is None:
        return
    if name not in data.columns:
        msg = f"data must name columns that data.columns declares: weights has {name!r}."
        raise RuleError(msg, f"Declared are {', '.join(data.columns)}.")
    if data.columns[name].type != "number" or data.columns[name].optional:
        msg = f"data must declare the weights {name!r} as a number that is not optional."
        raise RuleError(msg, f"Write `{name}: number` under data.columns.")
    if name == data.target or name in data.drop:
        what = "the target" if name == data.target else "a column of data.drop"
        msg = f"data must not take {what} for weights, got {name!r}."
        raise RuleError(msg, "Name another column; no model sees that of the weights anyway.")
