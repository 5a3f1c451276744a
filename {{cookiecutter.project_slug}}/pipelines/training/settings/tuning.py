"""How a model's hyperparameters are searched: `tuning` of its `model.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipelines.training.settings.loading import EarlyStopping, RuleError, Settings
from pipelines.training.settings.ranges import Range

# A mean of one fold says too little about a setting.
MIN_FOLDS = 2


class ModelTuning(Settings):
    """The search space of a model, and how it is searched.

    Attributes:
        strategy: Who chooses the settings.
        ranges: Hyperparameter → what is tried.
        early_stopping: Whether trials that fall behind end early; `tuning.early_stopping` of
            `conf/pipeline.yaml` if left out. Hyperband has a rule of its own.
        min_folds: After how many folds Hyperband may end a trial.
    """

    strategy: Literal["Bayesian", "Random", "Grid", "Hyperband"] = "Bayesian"
    ranges: dict[str, Range] = Field(min_length=1, max_length=30)
    early_stopping: EarlyStopping | None = None
    min_folds: Annotated[int, Field(ge=1, le=50)] | None = None

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
