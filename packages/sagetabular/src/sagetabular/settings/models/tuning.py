"""The search for a model's hyperparameters: `tuning` of its `model.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from sagetabular.jobs.scoring.metrics import Metric
from sagetabular.settings.loading import (
    NAMED_TAG,
    PLAIN_TAG,
    EarlyStopping,
    RuleError,
    Settings,
)
from sagetabular.settings.models.hyperparameters import Range
from sagetabular.settings.named import NamedText, tag_of

# Within the limits of the service: two minutes, and half a year.
SearchMinutes = Annotated[int, Field(ge=2, le=262_800)]
# A mean of one fold says too little about a setting.
MIN_FOLDS = 2


class Completion(Settings):
    """When a search ends before its trials are used up.

    Attributes:
        target: A cross-validated score that is good enough.
        target_r2: What `target` was called when there was one metric.
        idle_trials: After how many trials that improved the best by less than 1 %.
        converged: Whether to end when SageMaker takes the search for converged.
    """

    target: float | None = None
    target_r2: Annotated[float, Field(le=1)] | None = None
    idle_trials: Annotated[int, Field(ge=3)] | None = None
    converged: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.score is None and self.idle_trials is None and not self.converged:
            msg = "must name a criterion: target, idle_trials or converged: true."
            raise RuleError(msg, "Add one, or drop completion.")
        if self.target is not None and self.target_r2 is not None:
            raise RuleError("must have one of target and target_r2, got both.", "Keep target.")
        return self

    @property
    def score(self) -> float | None:
        """The score that is good enough."""
        return self.target_r2 if self.target is None else self.target

    def check_metric(self, metric: Metric) -> None:
        """Accept or refuse a target for the metric that the trials are ranked by.

        Raises:
            RuleError: It is a target of R2, or no score can reach or miss it.
        """
        if self.target_r2 is not None and metric.name != "r2":
            msg = f"takes no completion.target_r2 for the metric {metric.name}."
            raise RuleError(msg, f"Write `target`, a score by {metric.name}.")
        if self.target is None:
            return
        if metric.greater_is_better and self.target > 1:
            msg = f"must have completion.target of at most 1 for {metric.name}, got {self.target:g}"
            raise RuleError(f"{msg}.", "Lower it: no model scores more.")
        if not metric.greater_is_better and self.target < 0:
            msg = f"must have completion.target of 0 or more for {metric.name}, got {self.target:g}"
            raise RuleError(f"{msg}.", "Raise it: no model scores less.")


JobName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}$")]
AnyJobName = Annotated[
    Annotated[JobName, Tag(PLAIN_TAG)] | Annotated[NamedText, Tag(NAMED_TAG)],
    Discriminator(tag_of),
]


class WarmStart(Settings):
    """Earlier searches that a search builds on.

    Attributes:
        parents: Names of their tuning jobs; on this machine, identifiers of executions.
        type: Whether data and algorithm are the same as theirs.
    """

    parents: Annotated[list[AnyJobName], Field(alias="from", min_length=1, max_length=5)]
    type: Literal["IdenticalDataAndAlgorithm", "TransferLearning"]


class ModelTuning(Settings):
    """The search space of a model, and how it is searched.

    Attributes:
        strategy: Who chooses the settings.
        ranges: Hyperparameter → what is tried.
        early_stopping: Whether trials that fall behind end early; `tuning.early_stopping` of
            `conf/pipeline.yaml` if left out. Hyperband has a rule of its own.
        min_folds: After how many folds Hyperband may end a trial.
        completion: When the search ends early; that of `conf/pipeline.yaml` if left out.
        max_minutes: The longest run time of the whole search; likewise.
        warm_start: Earlier searches that it builds on.
    """

    strategy: Literal["Bayesian", "Random", "Grid", "Hyperband"] = "Bayesian"
    ranges: dict[str, Range] = Field(min_length=1, max_length=30)
    early_stopping: EarlyStopping | None = None
    min_folds: Annotated[int, Field(ge=1, le=50)] | None = None
    completion: Completion | None = None
    max_minutes: SearchMinutes | None = None
    warm_start: WarmStart | None = None

    @property
    def first_folds(self) -> int:
        """Number of folds after which Hyperband may end a trial, wherever that was set."""
        return self.min_folds or MIN_FOLDS

    @model_validator(mode="after")
    def _grid_is_categorical(self) -> Self:
        if self.strategy == "Grid":
            for name, entry in self.ranges.items():
                if entry.type != "categorical":
                    msg = f"allows only categorical ranges for Grid, got {entry.type} {name!r}."
                    raise RuleError(msg, "List its values, or use Random or Bayesian.")
        return self

    @model_validator(mode="after")
    def _warm_start_teaches(self) -> Self:
        if self.warm_start is not None and self.strategy != "Bayesian":
            msg = f"takes warm_start for Bayesian only, got {self.strategy}: it learns from trials."
            raise RuleError(msg, "Drop warm_start, or use Bayesian.")
        return self

    @model_validator(mode="after")
    def _hyperband_stops_trials_itself(self) -> Self:
        if self.strategy == "Hyperband" and self.early_stopping == "auto":
            msg = "must leave early_stopping off for Hyperband, got 'auto'."
            raise RuleError(msg, "Drop it: Hyperband ends trials by a rule of its own.")
        if self.strategy != "Hyperband" and self.min_folds is not None:
            msg = f"takes min_folds for Hyperband only, got {self.min_folds} for {self.strategy}."
            raise RuleError(msg, "Remove it, or use Hyperband.")
        return self
