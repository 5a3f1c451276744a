"""The task of a tuner's files, and what becomes of `conf/pipeline.yaml` for it.

The objective of the tuner stood in its state machine, not in its files. H2O's distribution, or
XGBoost's objective, says what its target is. A project has one task and one metric for all models.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.migration.plan import Change, Place
from sagetabular.migration.tuner.objectives import Objective, check_direction, find_objective
from sagetabular.settings.reading import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.jobs.scoring.metrics import Task
    from sagetabular.migration.plan import Plan
    from sagetabular.migration.tuner.files import Hyperparameters, TunerParameters
    from sagetabular.settings.project import PipelineConf

CONF = "conf/pipeline.yaml"
DEFAULT = "validation:auc"
"""The objective of the tuner's own state machine."""
TRAINING = "training"
"""The static hyperparameter of the tuner that is no hyperparameter: target and columns, as text."""
# The score of a model that knows nothing: the tuner itself had no gate.
_CHANCE = {"roc_auc": 0.5}
_NUMBERS = ("gaussian", "poisson", "gamma", "laplace", "quantile", "huber", "tweedie")
_DISTRIBUTIONS: Mapping[str, Task] = {
    **dict.fromkeys(_NUMBERS, "regression"),
    **dict.fromkeys(("bernoulli", "quasibinomial"), "binary"),
    "multinomial": "multiclass",
}
_XGBOOST: Mapping[str, Task] = {"reg": "regression", "binary": "binary", "multi": "multiclass"}


@dataclass(frozen=True)
class Stated:
    """What the static hyperparameters say of the target.

    Attributes:
        task: Of its kind; None if they do not say.
        target: Its column; None likewise.
        place: Where they say so.
    """

    task: Task | None
    target: str | None
    place: Place


def read_stated(static: Mapping[str, Any], place: Place) -> Stated:
    """Return what static hyperparameters, which stand at a place, say of the target."""
    training = read_training(static)
    if "distribution" in training:
        place = place.at(TRAINING)
    distribution = str(training.get("distribution", static.get("distribution", ""))).lower()
    objective = str(static.get("objective", "")).partition(":")[0]
    task = _DISTRIBUTIONS.get(distribution) or _XGBOOST.get(objective)
    target = training.get("target")
    named = isinstance(target, str) and target.isprintable() and target
    return Stated(task, target if named else None, place)


def read_training(static: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapping that the text `training` holds, in single quotes; empty without one."""
    try:
        found = json.loads(str(static.get(TRAINING, "")).replace("'", '"'))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def settle_task(
    parameters: TunerParameters,
    hyperparameters: Hyperparameters,
    places: Mapping[str, Place],
    pipeline: PipelineConf,
    positive: str | None,
    plan: Plan,
) -> None:
    """Put what the task and the metric need into a plan.

    Args:
        parameters: `ml-parameters.json`.
        hyperparameters: `hyperparameters.json`.
        places: `parameters` and `hyperparameters` → the files.
        pipeline: The project's `conf/pipeline.yaml`.
        positive: The positive class, if it was named on the command line.
        plan: Takes changes and remarks.

    Raises:
        UserError: The objective is unknown or runs the wrong way, files and project have different
            tasks, or something is missing that only the user knows.
    """
    stated = read_stated(
        hyperparameters.static, places["hyperparameters"].at("staticHyperParameters")
    )
    objective = _objective(parameters, places["parameters"], stated)
    task = stated.task or _likeliest(objective, pipeline)
    if positive is not None and task != "binary":
        msg = f"--positive names one of two classes, and the task is {task}, got {shown(positive)}."
        raise UserError(msg, "Leave it out.")
    metric = pipeline.metric
    if task != pipeline.task:
        plan.changes += _conversion(task, objective, stated, pipeline, positive)
        metric = objective.metric
    elif positive is not None:
        plan.changes.append(_change(("data", "positive"), positive, (), Place("--positive")))
    same = metric.name == objective.metric.name and task in objective.tasks
    word = "as" if same else "not"
    own = f"trials are scored by cv:{metric.name} over this project's folds, {word} by"
    origin = (
        "names its objective" if parameters.objective else "had its objective in the state machine"
    )
    plan.note(places["parameters"], f"{origin}: {own} {objective.name}")


def _objective(parameters: TunerParameters, place: Place, stated: Stated) -> Objective:
    given = parameters.objective
    if given is None:
        return find_objective(DEFAULT, place)
    place = place.at("tuningObjective")
    objective = find_objective(given.metric_name, place.at("MetricName"))
    check_direction(objective, given.type, place.at("Type"))
    if stated.task is not None and stated.task not in objective.tasks:
        msg = f"{place.at('MetricName')} is no metric of {stated.task}, got {objective.name!r}."
        raise UserError(msg, f"Name one of that task: {stated.place} says so.")
    return objective


def _likeliest(objective: Objective, pipeline: PipelineConf) -> Task:
    return pipeline.task if pipeline.task in objective.tasks else objective.tasks[0]


def _conversion(
    task: Task, objective: Objective, stated: Stated, pipeline: PipelineConf, positive: str | None
) -> list[Change]:
    """Return how a project of regression, the default, becomes one of classes."""
    about = f"its task is {task}, and that of {CONF} {pipeline.task}"
    if task == "regression" or pipeline.task != "regression":
        raise UserError(f"{stated.place}: {about}.", "Import it into a project of that task.")
    target = pipeline.data.target
    if stated.target is not None and stated.target.lower() != target:
        msg = f"{stated.place}: its target is {stated.target!r}, and that of {CONF} {target!r}."
        raise UserError(
            msg, f"Bring its table first: `pipeline init FILE --target {stated.target}`."
        )
    metric, gate = objective.metric, pipeline.selection.minimum
    if not metric.greater_is_better or (gate is None and metric.name not in _CHANCE):
        msg = f"{stated.place}: {about}, and its metric {metric.name} needs a gate."
        keys = f"task: {task}, selection.metric: {metric.name} and selection.{metric.gate}"
        raise UserError(msg, f"Write {keys} in {CONF}.")
    if task == "binary" and positive is None:
        msg = f"{stated.place}: {about}, and no file names the class to find."
        raise UserError(msg, "Name it with --positive, spelled as in the data.")
    values = {("task",): task, ("selection", "metric"): metric.name}
    values |= {} if positive is None else {("data", "positive"): positive}
    changes = [
        _change(path, value, ("regression",), stated.place) for path, value in values.items()
    ]
    if gate is None:
        changes.append(_change(("selection", "minimum"), _CHANCE[metric.name], (), stated.place))
    return changes


def _change(path: tuple[str, ...], value: Any, untouched: tuple[Any, ...], place: Place) -> Change:
    return Change(CONF, path, value, untouched, place)
