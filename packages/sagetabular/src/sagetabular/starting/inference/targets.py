"""What the target says: the task, its classes, and the metric that models are selected by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.jobs.scoring.metrics import DEFAULT_METRICS, METRICS, Task
from sagetabular.jobs.scoring.targets import MOST_CLASSES
from sagetabular.printing import listed, shown
from sagetabular.reading.values import Marks, category, is_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.starting.inference.kinds import Found
    from sagetabular.starting.options import Asked

# Whole numbers from 0 or 1 on without a gap may be codes of classes, up to so many of them.
_MOST_CODES = 10
# Of a number in fewer rows, nobody can tell whether it is a class.
_FEWEST_OF_A_CODE, _FEW_ROWS = 5, 20
# A text that hardly repeats is no class, nor are so many.
_MOST_CLASSES = 100
_POSITIVE = ("yes", "true", "1", "y", "t", "positive", "pos")
# The commonest class has more than so many times the rows of the rarest.
_UNEQUAL = 10


@dataclass(frozen=True)
class Goal:
    """The task.

    Attributes:
        task: The task.
        why: What says so.
        metric: What models are selected by.
        why_metric: The reason, if it is not the task's usual one.
        classes: Class → rows, by name; none for regression.
        positive: The class whose probability is ranked; None but for two classes.
        why_positive: The reason.
    """

    task: Task
    why: str
    metric: str
    why_metric: str = ""
    classes: Mapping[str, int] = field(default_factory=dict)
    positive: str | None = None
    why_positive: str = ""


def find_goal(found: Found, asked: Asked) -> Goal:
    """Return the task for a target.

    Args:
        found: What the target's column holds.
        asked: What somebody wants.

    Raises:
        UserError: There is no task for such a target, or not the one that is asked for.
    """
    name = asked.target
    _check(found, name)
    task, why = (asked.task, "as asked") if asked.task else _guess(found)
    if asked.positive is not None and task != "binary":
        msg = (
            f"--positive is for two classes: the task of {name} is {task}, got {asked.positive!r}."
        )
        raise UserError(msg, "Leave it out, or say --task binary.")
    if task == "regression":
        if found.type != "number":
            msg = f"--task regression needs a target of numbers: {name} has {_some(found)}."
            raise UserError(msg, "Name another target, or leave --task out.")
        _check_metric(asked, task)
        return Goal(task, why, asked.metric or DEFAULT_METRICS[task])
    classes = _classes(found)
    _check_classes(classes, found, asked, task)
    _check_metric(asked, task)
    metric, why_metric = _metric(asked, task, classes)
    positive, why_positive = _positive(classes, asked) if task == "binary" else (None, "")
    return Goal(task, why, metric, why_metric, classes, positive, why_positive)


def _check(found: Found, name: str) -> None:
    if found.type in (None, "time"):
        what = "times" if found.type else found.why.removeprefix("holds ")
        msg = f"--target must name a column of numbers or classes: {name} holds {what}."
        raise UserError(msg, "Name another column.")
    if found.distinct < 2:
        value = _some(found) or "no value"
        rows = (
            f"all rows{f' but those of {listed(found.absent)}: no value' if found.absent else ''}"
        )
        msg = f"--target must name a column that varies: {name} has {value} in {rows}."
        raise UserError(msg, "Name another column.")


def _guess(found: Found) -> tuple[Task, str]:
    if found.type == "category":
        kind = found.why if found.why == "true or false" else "text"
        task: Task = "binary" if found.distinct == 2 else "multiclass"
        return task, f"{kind}, {found.distinct:,} values"
    return _guess_of_numbers(found)


def _guess_of_numbers(found: Found) -> tuple[Task, str]:
    if not found.whole:
        return "regression", "numbers"
    values = sorted(found.numeric)
    numbered = values[0] in (0, 1) and values[-1] - values[0] + 1 == found.distinct <= _MOST_CODES
    if not (numbered or found.distinct == 2):
        return "regression", f"{found.distinct:,} whole numbers"
    few = min(found.values.values()) < _FEWEST_OF_A_CODE
    if few and (found.distinct > 2 or found.present < _FEW_ROWS):
        return "regression", "whole numbers, one of them in too few rows to be a class"
    if found.distinct == 2:
        return "binary", "two whole numbers"
    return "multiclass", f"whole numbers {values[0]:g} to {values[-1]:g}, taken for classes"


def _some(found: Found) -> str:
    values = found.numeric or [*found.values]
    return listed([f"{each:g}" if found.numeric else shown(str(each)) for each in values[:3]])


def _classes(found: Found) -> dict[str, int]:
    """Return class → rows, in the classes' own spelling and in their order."""
    counts: dict[str, int] = {}
    for value, rows in found.values.items():
        name = category(float(value) if found.numeric else value, Marks()) or str(value)
        counts[name] = counts.get(name, 0) + rows
    return dict(sorted(counts.items(), key=_order(counts)))


def _order(counts: Mapping[str, int]) -> Any:
    if all(map(is_number, counts)):
        return lambda item: float(item[0])
    return lambda item: item[0]


def _check_classes(classes: Mapping[str, int], found: Found, asked: Asked, task: Task) -> None:
    name, count = asked.target, len(classes)
    if task == "binary" and count != 2:
        msg = f"--task binary needs two classes: {name} has {count:,}: {listed([*classes][:5])}."
        raise UserError(msg, "Leave --task out, or write --task multiclass.")
    if task == "multiclass" and count < 3:
        msg = f"--task multiclass needs three classes or more: {name} has {listed([*classes])}."
        raise UserError(msg, "Leave --task out, or write --task binary.")
    many = count > _MOST_CLASSES or (count > 20 and 2 * count > found.present)
    if count > MOST_CLASSES or (many and asked.task != "multiclass"):
        msg = f"--target must repeat to be classes: {name} has {count:,} values in "
        msg += f"{found.present:,} rows, such as {_some(found)}."
        regression = "Write --task regression" if found.type == "number" else "Name another column"
        classes_too = (
            ", or --task multiclass" if count <= MOST_CLASSES and min(classes.values()) > 2 else ""
        )
        raise UserError(msg, f"{regression}{classes_too}.")
    few = [each for each, rows in classes.items() if rows < 3]
    if few:
        rows = classes[few[0]]
        msg = "--target must have 3 rows of each class, or there is nothing to validate with: "
        msg += f"{name} has {rows} of {shown(few[0])}."
        other = ", or predict a number: --task regression" if found.type == "number" else ""
        raise UserError(msg, f"Leave out the rows of such classes, or put them together{other}.")


def _check_metric(asked: Asked, task: Task) -> None:
    if asked.metric and task not in METRICS[asked.metric].tasks:
        names = [metric.name for metric in METRICS.values() if task in metric.tasks]
        msg = f"--metric {asked.metric} is not for the task {task}."
        raise UserError(msg, f"There are {', '.join(names)}.")


def _metric(asked: Asked, task: Task, classes: Mapping[str, int]) -> tuple[str, str]:
    if asked.metric:
        return asked.metric, "as asked"
    most, least = max(classes.values()), min(classes.values())
    if task == "multiclass" and most > _UNEQUAL * least:
        return "macro_f1", f"the classes are unequal: {least:,} to {most:,} rows"
    return DEFAULT_METRICS[task], ""


def _positive(classes: Mapping[str, int], asked: Asked) -> tuple[str, str]:
    if asked.positive is not None:
        if asked.positive not in classes:
            msg = f"--positive must be one of {listed([*classes])}, got {asked.positive!r}."
            raise UserError(msg, "Write it as the class is spelled.")
        return asked.positive, "as asked"
    called = [name for name in classes if name.strip().lower() in _POSITIVE]
    # Of the codes 1 and 2, neither is called the positive one.
    if len(called) == 1 and {*classes} != {"1", "2"}:
        return called[0], "by its name"
    first, last = classes
    if classes[first] == classes[last]:
        return last, "the last by name, as both have as many rows"
    return (first if classes[first] < classes[last] else last), "the rarer one"
