"""`models/<name>/model.yaml` as typed settings."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from pipelines.training.settings.loading import EarlyStopping, RuleError, Settings

# Prefixes that the jobs and SageMaker's containers keep for themselves.
RESERVED_PREFIXES = ("job_", "sagemaker_", "_")


def _check_value(value: object) -> object:
    finite = not isinstance(value, float) or math.isfinite(value)
    if not isinstance(value, str | int | float | bool) or not finite:
        msg = f"must be text, a number, true or false, got {value!r}."
        raise RuleError(msg, "Write one value; several to choose from go under tuning.ranges.")
    return value


Value = Annotated[str | int | float | bool, BeforeValidator(_check_value)]
Scaling = Literal["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"]


class FrameworkImage(Settings):
    """One of AWS's own images, in script mode."""

    framework: Literal["xgboost"]
    version: str


def _image_kind(value: object) -> str:
    return "project-image" if isinstance(value, str) else "framework-image"


Image = Annotated[
    Annotated[Literal["project"], Tag("project-image")]
    | Annotated[FrameworkImage, Tag("framework-image")],
    Discriminator(_image_kind),
]


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

    title: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$", max_length=40)]
    image: Image
    hyperparameters: dict[str, Value] = Field(default_factory=dict)
    tuning: ModelTuning

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        for name in [*self.hyperparameters, *self.tuning.ranges]:
            if name.startswith(RESERVED_PREFIXES):
                msg = f"must not name a hyperparameter {name!r}: the prefix is reserved."
                raise RuleError(msg, "Rename it in model.yaml and model.py.")
        if both := sorted(set(self.hyperparameters) & set(self.tuning.ranges)):
            msg = f"has {both[0]!r} both under hyperparameters and under tuning.ranges."
            raise RuleError(msg, "Keep one of them.")
        return self
