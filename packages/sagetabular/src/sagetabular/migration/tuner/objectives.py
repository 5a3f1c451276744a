"""Objectives of other systems' searches → the metrics of this project, and their directions.

Sources: "Tune an XGBoost Model" and "Tune a LightGBM model" of SageMaker's developer guide, and the
metrics that the tuner's algorithm on H2O announces.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from sagetabular.errors import UserError
from sagetabular.jobs.scoring.metrics import METRICS, Metric, Task
from sagetabular.settings.reading import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.migration.plan import Place

Direction = Literal["Maximize", "Minimize"]
# Ours → the others' names of it, or of what puts models in the same order: the square of an RMSE,
# and Gini, which is 2 AUC - 1.
_SAME = {
    "rmse": ("mse",),
    "roc_auc": ("auc", "gini"),
    "average_precision": ("aucpr", "auc_pr", "pr_auc"),
    "log_loss": ("logloss", "binary_logloss", "mlogloss", "multi_logloss"),
    "f1": ("f1_binary",),
    "macro_f1": ("f1_macro",),
}
# Ours → what is 1 minus it, so that less is better.
_COMPLEMENTS = {"accuracy": ("error", "binary_error", "merror", "multi_error")}
_OF_ONE_TASK: Mapping[str, Task] = {
    **dict.fromkeys(("binary_logloss", "error", "binary_error"), "binary"),
    **dict.fromkeys(("mlogloss", "multi_logloss", "merror", "multi_error"), "multiclass"),
}
_METRICS: Mapping[str, str] = MappingProxyType(
    {name: name for name in METRICS}
    | {other: name for name, others in {**_SAME, **_COMPLEMENTS}.items() for other in others}
)
_TURNED = {name for names in _COMPLEMENTS.values() for name in names}


@dataclass(frozen=True)
class Objective:
    """What a search of another system looks for.

    Attributes:
        name: As that system has it, such as `validation:auc`.
        metric: What it is here.
        direction: Of the search there.
        tasks: Those that it is defined for, the likeliest first.
    """

    name: str
    metric: Metric
    direction: Direction
    tasks: tuple[Task, ...]


def find_objective(name: str, place: Place) -> Objective:
    """Return the objective of a name; the part before a colon says on which rows.

    Raises:
        UserError: There is no such metric here.
    """
    own = name.rpartition(":")[2].strip().lower().replace("-", "_")
    if own not in _METRICS:
        msg = f"{place} names no metric that models are ranked by here, got {shown(name)}."
        raise UserError(msg, f"Name one of {', '.join(METRICS)}.")
    metric = METRICS[_METRICS[own]]
    turned: Direction = "Minimize" if metric.greater_is_better else "Maximize"
    direction = turned if own in _TURNED else metric.objective_type
    tasks = (_OF_ONE_TASK[own],) if own in _OF_ONE_TASK else metric.tasks
    return Objective(name if name.isprintable() else own, metric, direction, tasks)


def check_direction(objective: Objective, given: str, place: Place) -> None:
    """Refuse a search in the other direction.

    Raises:
        UserError: It would have preferred the worst trial.
    """
    if given != objective.direction:
        wanted = f"{objective.direction} for {objective.name}"
        msg = f"{place} must be {wanted}, got {shown(given)}."
        raise UserError(
            msg, "Correct it there: the search would take the worst trial for the best."
        )
