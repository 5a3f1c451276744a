"""The metrics that models are selected by: names, directions, and the tasks that have them.

Names and meanings are those of scikit-learn's `sklearn.metrics`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Task = Literal["regression", "binary", "multiclass"]


@dataclass(frozen=True)
class Metric:
    """A metric that models can be selected by.

    Attributes:
        name: As settings and files have it.
        label: As people read it.
        greater_is_better: Its direction.
        tasks: Those that it is defined for.
    """

    name: str
    label: str
    greater_is_better: bool
    tasks: tuple[Task, ...]

    @property
    def in_words(self) -> str:
        """The label within a sentence: `log loss`, but `R2` and `ROC AUC`."""
        first, rest = self.label[0], self.label[1:]
        return first.lower() + rest if rest[0].islower() else self.label

    @property
    def gate(self) -> Literal["minimum", "maximum"]:
        """The key of `selection` that holds the worst score to register."""
        return "minimum" if self.greater_is_better else "maximum"

    @property
    def parameter(self) -> str:
        """The pipeline parameter of that score, such as `MinimumR2` or `MaximumLogLoss`."""
        return self.gate.capitalize() + "".join(map(str.capitalize, self.name.split("_")))

    @property
    def objective_type(self) -> Literal["Maximize", "Minimize"]:
        """The direction as SageMaker's tuning has it."""
        return "Maximize" if self.greater_is_better else "Minimize"

    def better(self, score: float, other: float) -> bool:
        """Return whether a score is better than another one; equal ones are not."""
        return score > other if self.greater_is_better else score < other

    def rank_key(self, score: float) -> float:
        """Return what sorts scores from the best to the worst."""
        return -score if self.greater_is_better else score


_REGRESSION: tuple[Task, ...] = ("regression",)
_BINARY: tuple[Task, ...] = ("binary",)
_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_ALL = (
    Metric("r2", "R2", True, _REGRESSION),
    Metric("rmse", "RMSE", False, _REGRESSION),
    Metric("mae", "MAE", False, _REGRESSION),
    Metric("roc_auc", "ROC AUC", True, _CLASSES),
    Metric("average_precision", "Average precision", True, _BINARY),
    Metric("log_loss", "Log loss", False, _CLASSES),
    Metric("f1", "F1", True, _BINARY),
    Metric("accuracy", "Accuracy", True, _CLASSES),
    Metric("balanced_accuracy", "Balanced accuracy", True, _CLASSES),
    Metric("macro_f1", "Macro F1", True, _CLASSES),
)
METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})
"""Name → metric."""

DEFAULT_METRICS: Mapping[Task, str] = MappingProxyType(
    {"regression": "r2", "binary": "roc_auc", "multiclass": "accuracy"}
)
"""Task → the metric by which models are selected unless `selection.metric` says otherwise."""


SECTIONS: Mapping[Task, str] = MappingProxyType(
    {
        "regression": "regression_metrics",
        "binary": "binary_classification_metrics",
        "multiclass": "multiclass_classification_metrics",
    }
)
"""Task → the member of SageMaker's model-quality statistics that holds its metrics."""


def metrics_of(task: Task) -> tuple[Metric, ...]:
    """Return the metrics that are defined for a task."""
    return tuple(metric for metric in METRICS.values() if task in metric.tasks)
