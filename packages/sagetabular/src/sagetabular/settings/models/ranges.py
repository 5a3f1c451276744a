"""What is tried for a hyperparameter: ranges of numbers, and lists of values."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sagetabular.settings.loading import RuleError, Settings
from sagetabular.settings.named import Integer, Named, Number
from sagetabular.settings.values import Value

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
    min: Integer
    max: Integer

    @property
    def low(self) -> int:
        """The lower bound; the default of one that is a parameter."""
        return self.min.default if isinstance(self.min, Named) else self.min

    @property
    def high(self) -> int:
        """The upper bound; the default of one that is a parameter."""
        return self.max.default if isinstance(self.max, Named) else self.max

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        self.check_bounds(self.low, self.high)
        return self


class ContinuousRange(_NumberRange):
    """Numbers from `min` to `max`."""

    type: Literal["continuous"]
    min: Number
    max: Number

    @property
    def low(self) -> float:
        """The lower bound; the default of one that is a parameter."""
        return self.min.default if isinstance(self.min, Named) else self.min

    @property
    def high(self) -> float:
        """The upper bound; the default of one that is a parameter."""
        return self.max.default if isinstance(self.max, Named) else self.max

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        self.check_bounds(self.low, self.high)
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
