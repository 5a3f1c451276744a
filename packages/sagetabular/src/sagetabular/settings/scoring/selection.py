"""The section `selection` of `conf/pipeline.yaml`: how models are ranked, and the gate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sagetabular.jobs.scoring.metrics import DEFAULT_METRICS, METRICS, Metric, Task, metrics_of
from sagetabular.settings.loading import RuleError, Settings

MetricName = Literal[
    "r2", "rmse", "mae", "roc_auc", "average_precision", "log_loss", "f1", "accuracy",
    "balanced_accuracy", "macro_f1",
]  # fmt: skip
Score = Annotated[float, Field(le=1)]
DEFAULT_GATES = {"r2": 0.6}
"""Metric → the gate where the settings name none; any other metric needs one."""


class Selection(Settings):
    """The choice between the models, and the score that the winner must reach.

    Attributes:
        by: Which scores rank the models: of the cross-validation, or of the test rows.
        metric: The score; that of the task in `DEFAULT_METRICS` if left out.
        minimum: The worst score on the test rows to register, where higher is better.
        maximum: The same where lower is better.
        minimum_r2: What `minimum` was called when there was one metric.
    """

    by: Literal["cv", "test"] = "cv"
    metric: MetricName | None = None
    minimum: Score | None = None
    maximum: Annotated[float, Field(ge=0)] | None = None
    minimum_r2: Score | None = None

    def metric_of(self, task: Task) -> Metric:
        """Return the metric that ranks the models of a task.

        Raises:
            RuleError: The task has no such metric.
        """
        metric = METRICS[self.metric or DEFAULT_METRICS[task]]
        if task not in metric.tasks:
            known = ", ".join(each.name for each in metrics_of(task))
            msg = f"must have a metric of the task {task}: selection.metric is {metric.name!r}."
            raise RuleError(msg, f"It has {known}; or change `task`.")
        return metric

    def gate_of(self, task: Task) -> tuple[str, float]:
        """Return the key that holds the gate, and its value.

        Raises:
            RuleError: The key is of another metric, or missing, or there are two.
        """
        metric = self.metric_of(task)
        own = (metric.gate, "minimum_r2") if metric.name == "r2" else (metric.gate,)
        given = {
            key: value
            for key in ("minimum", "maximum", "minimum_r2")
            if (value := getattr(self, key)) is not None
        }
        for key, value in given.items():
            if key not in own:
                msg = f"takes no selection.{key} for the metric {metric.name}, got {value:g}."
                better = "higher" if metric.greater_is_better else "lower"
                raise RuleError(msg, f"Name it {metric.gate}: {better} is better.")
        if len(given) > 1:
            msg = f"must name one gate, got selection.{' and selection.'.join(given)}."
            raise RuleError(msg, f"Keep {metric.gate}.")
        for key, value in given.items():
            return key, value
        if metric.name not in DEFAULT_GATES:
            msg = f"needs selection.{metric.gate} for the metric {metric.name}."
            raise RuleError(msg, "Add it: a winner with a worse score is not registered.")
        return metric.gate, DEFAULT_GATES[metric.name]
