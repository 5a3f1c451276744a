"""How a model's hyperparameters are searched: `tuning` of its `model.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipelines.training.settings.loading import EarlyStopping, RuleError, Settings
from pipelines.training.settings.ranges import Range

# Within the limits of the service: two minutes, and half a year.
SearchMinutes = Annotated[int, Field(ge=2, le=262_800)]
# A mean of one fold says too little about a setting.
MIN_FOLDS = 2


class Completion(Settings):
    """When a search ends before its trials are used up.

    Attributes:
        target_r2: A cross-validated R2 that is good enough.
        idle_trials: After how many trials that improved the best by less than 1 %.
        converged: Whether to end when SageMaker takes the search for converged.
    """

    target_r2: Annotated[float, Field(le=1)] | None = None
    idle_trials: Annotated[int, Field(ge=3)] | None = None
    converged: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.target_r2 is None and self.idle_trials is None and not self.converged:
            msg = "must name a criterion: target_r2, idle_trials or converged: true."
            raise RuleError(msg, "Add one, or drop completion.")
        return self


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
    """

    strategy: Literal["Bayesian", "Random", "Grid", "Hyperband"] = "Bayesian"
    ranges: dict[str, Range] = Field(min_length=1, max_length=30)
    early_stopping: EarlyStopping | None = None
    min_folds: Annotated[int, Field(ge=1, le=50)] | None = None
    completion: Completion | None = None
    max_minutes: SearchMinutes | None = None

    @property
    def first_folds(self) -> int:
        """After how many folds Hyperband may end a trial, wherever that was set."""
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
    def _hyperband_stops_trials_itself(self) -> Self:
        if self.strategy == "Hyperband" and self.early_stopping == "auto":
            msg = "must leave early_stopping off for Hyperband, got 'auto'."
            raise RuleError(msg, "Drop it: Hyperband ends trials by a rule of its own.")
        if self.strategy != "Hyperband" and self.min_folds is not None:
            msg = f"takes min_folds for Hyperband only, got {self.min_folds} for {self.strategy}."
            raise RuleError(msg, "Remove it, or use Hyperband.")
        return self
