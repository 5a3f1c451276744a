"""`models/<name>/model.yaml` as typed settings."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipelines.training.settings.defaults import Defaults
from pipelines.training.settings.images import Image
from pipelines.training.settings.inputs import Input
from pipelines.training.settings.loading import EarlyStopping, RuleError, Settings
from pipelines.training.settings.unit_steps import DEFAULT_STEPS, Steps
from pipelines.training.settings.values import Hyperparameters, Value, check_fixed, check_names

Scaling = Literal["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"]


class _NumberRange(Settings):
    scaling: Scaling = "Auto"

    def check_bounds(self, low: float, high: float) -> None:
        """Raise `RuleError` where the service would refuse the range."""
        if low >= high:
            msg = f"needs min below max, got min {low} and max {high}."
            raise RuleError(msg, "Swap or widen them.")
        if self.scaling == "Logarithmic" and low <= 0:
            msg = f"needs min above 0 for Logarithmic scaling, got {low}."
            raise RuleError(msg, "Raise min, or use Linear scaling.")
        if self.scaling == "ReverseLogarithmic" and not (low >= 0 and high < 1):
            msg = f"needs 0 <= min < max < 1 for ReverseLogarithmic scaling, got {low} to {high}."
            raise RuleError(msg, "Change the bounds, or use Linear scaling.")


class IntegerRange(_NumberRange):
    """Whole numbers from `min` to `max`, both included."""

    type: Literal["integer"]
    min: int
    max: int

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        self.check_bounds(self.min, self.max)
        return self


class ContinuousRange(_NumberRange):
    """Numbers from `min` to `max`."""

    type: Literal["continuous"]
    min: float
    max: float

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        self.check_bounds(self.min, self.max)
        return self


class CategoricalRange(Settings):
    """One of `values`."""

    type: Literal["categorical"]
    values: list[Value] = Field(min_length=1, max_length=30)

    @model_validator(mode="after")
    def _values_differ(self) -> Self:
        for position, value in enumerate(self.values):
            if (type(value), value) in [(type(other), other) for other in self.values[:position]]:
                msg = f"lists the value {value!r} twice."
                raise RuleError(msg, "Keep one of them.")
        return self


Range = Annotated[IntegerRange | ContinuousRange | CategoricalRange, Field(discriminator="type")]


class ModelTuning(Settings):
    """The search space of a model, and how it is searched.

    Attributes:
        strategy: Who chooses the settings.
        ranges: Hyperparameter → what is tried.
        early_stopping: Whether trials that fall behind end early; `tuning.early_stopping` of
            `conf/pipeline.yaml` if left out.
    """

    strategy: Literal["Bayesian", "Random", "Grid"] = "Bayesian"
    ranges: dict[str, Range] = Field(min_length=1, max_length=30)
    early_stopping: EarlyStopping | None = None

    @model_validator(mode="after")
    def _grid_is_categorical(self) -> Self:
        if self.strategy == "Grid":
            for name, entry in self.ranges.items():
                if entry.type != "categorical":
                    msg = f"allows only categorical ranges for Grid, got {entry.type} {name!r}."
                    raise RuleError(msg, "List its values, or use Random or Bayesian.")
        return self


class Model(Settings):
    """The whole of a `model.yaml`."""

    name: str | None = None
    title: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$", max_length=40)]
    image: Image
    hyperparameters: Hyperparameters = Field(default_factory=dict)
    tuning: ModelTuning | None = None
    inputs: dict[Literal["train", "test"], Input] = Field(default_factory=dict)
    defaults: Defaults = Defaults()
    steps: Steps = Field(default=DEFAULT_STEPS, validate_default=True)

    @property
    def ranges(self) -> dict[str, Range]:
        """What is searched; nothing without a search."""
        return self.tuning.ranges if self.tuning else {}

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        check_names([*self.hyperparameters, *self.ranges])
        check_fixed(self.hyperparameters, self.ranges)
        return self
