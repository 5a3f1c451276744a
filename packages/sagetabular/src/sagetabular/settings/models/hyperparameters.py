"""Hyperparameters: names that are free, values that travel as text, and ranges to search."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from sagetabular.settings.loading import RuleError, Settings
from sagetabular.settings.named import Integer, Named, Number

if TYPE_CHECKING:
    from collections.abc import Iterable

# Prefixes that the jobs and SageMaker's containers keep for themselves.
RESERVED_PREFIXES = ("job_", "sagemaker_", "_")
Scaling = Literal["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"]


def _check_value(value: object) -> object:
    if not _is_value(value):
        msg = f"must be text, a number, true or false, got {value!r}."
        raise RuleError(msg, "Write one value; several to choose from go under tuning.ranges.")
    return value


def _check_named_values(value: object) -> object:
    """Accept one value, or one for each name, such as those of columns."""
    if not isinstance(value, dict):
        return _check_value(value)
    for name, one in value.items():
        if not _is_value(one):
            msg = f"must give a name text, a number, true or false, got {name!r}: {one!r}."
            raise RuleError(msg, "Write one value for each name.")
    return value


def _is_value(value: object) -> bool:
    finite = not isinstance(value, float) or math.isfinite(value)
    return isinstance(value, str | int | float | bool) and finite


_Scalar = str | int | float | bool
Value = Annotated[_Scalar, BeforeValidator(_check_value)]
NamedValues = Annotated[_Scalar | dict[str, _Scalar], BeforeValidator(_check_named_values)]
Hyperparameters = dict[str, NamedValues]


def check_names(names: Iterable[str]) -> None:
    """Accept or refuse names of hyperparameters.

    Raises:
        RuleError: A name has a prefix that the jobs or SageMaker use.
    """
    for name in names:
        if name.startswith(RESERVED_PREFIXES):
            msg = f"must not name a hyperparameter {name!r}: the prefix is reserved."
            raise RuleError(msg, "Rename it in model.yaml and model.py.")


def check_fixed(fixed: Iterable[str], tuned: Iterable[str]) -> None:
    """Check that no hyperparameter is both fixed and tuned.

    Raises:
        RuleError: One is.
    """
    if both := sorted(set(fixed) & set(tuned)):
        msg = f"has {both[0]!r} both under hyperparameters and under tuning.ranges."
        raise RuleError(msg, "Keep one of them.")


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
