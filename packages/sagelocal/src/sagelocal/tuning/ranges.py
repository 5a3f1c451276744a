"""Hyperparameter ranges: what Optuna samples from, and how a sample is written for a job.

Scaling types: `Auto` and `Linear` sample evenly, `Logarithmic` evenly in the logarithm of
the value, `ReverseLogarithmic` (for ranges below 1, such as a momentum) evenly in the
logarithm of its distance from 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject

_LOGARITHMIC = "Logarithmic"
_REVERSE = "ReverseLogarithmic"
_SCALES = ("Auto", "Linear", _LOGARITHMIC, _REVERSE)


@dataclass(frozen=True)
class Range:
    """One hyperparameter: how it is sampled, and how a sample is written.

    Attributes:
        name: The hyperparameter.
        distribution: What Optuna samples from.
        encode: Turns a sample into the string that the job receives.
        decode: Turns such a string into a sample, which may lie outside of the range; raises
            ValueError for what is none.
    """

    name: str
    distribution: BaseDistribution
    encode: Callable[[Any], str]
    decode: Callable[[str], Any]


def read_ranges(ranges: JsonObject) -> list[Range]:
    """Return the ranges of a `ParameterRanges`, in the order in which they are sampled.

    Raises:
        DefinitionError: If there is none, if two have one name, or if bounds or scaling make no
            sense.
    """
    found = list(_each_range(ranges))
    if not found:
        raise DefinitionError("A tuning job needs at least one hyperparameter range.")
    names = [entry.name for entry in found]
    for name in names:
        if names.count(name) > 1:
            raise DefinitionError(f"The hyperparameter {name} has two ranges.")
    return found


def _each_range(ranges: JsonObject) -> Iterator[Range]:
    for entry in ranges.get("IntegerParameterRanges") or []:
        yield _integer(entry)
    for entry in ranges.get("ContinuousParameterRanges") or []:
        yield _continuous(entry)
    for entry in ranges.get("CategoricalParameterRanges") or []:
        if not entry["Values"]:
            raise DefinitionError(f"The categorical hyperparameter {entry['Name']} has no values.")
        yield Range(entry["Name"], CategoricalDistribution(list(entry["Values"])), str, str)


def _integer(entry: JsonObject) -> Range:
    scale = _scale(entry)
    low, high = _bounds(entry, int, 1 if scale == _LOGARITHMIC else None)
    if scale == _REVERSE:
        raise DefinitionError(f"{entry['Name']}: {_REVERSE} is for continuous ranges only.")
    return Range(entry["Name"], IntDistribution(low, high, log=scale == _LOGARITHMIC), str, int)


def _continuous(entry: JsonObject) -> Range:
    scale = _scale(entry)
    low, high = _bounds(entry, float, 0.0 if scale == _REVERSE else None)
    if scale == _LOGARITHMIC and low <= 0:
        raise DefinitionError(f"{entry['Name']}: a {_LOGARITHMIC} range must lie above 0.")
    if scale != _REVERSE:
        numbers = FloatDistribution(low, high, log=scale == _LOGARITHMIC)
        return Range(entry["Name"], numbers, repr, float)
    if high >= 1:
        raise DefinitionError(f"{entry['Name']}: a {_REVERSE} range must lie below 1.")

    def encode(distance: float) -> str:
        return repr(min(max(1 - distance, low), high))  # rounding must not leave the range

    def decode(text: str) -> float:
        value = float(text)
        return min(max(1 - value, 1 - high), 1 - low) if low <= value <= high else 1 - value

    return Range(entry["Name"], FloatDistribution(1 - high, 1 - low, log=True), encode, decode)


def _scale(entry: JsonObject) -> str:
    scale = str(entry.get("ScalingType", "Auto"))
    if scale not in _SCALES:
        raise DefinitionError(f"{entry['Name']}: unknown ScalingType {scale!r}.")
    return scale


def _bounds(entry: JsonObject, kind: Callable[[str], Any], least: float | None) -> tuple[Any, Any]:
    name = entry["Name"]
    try:
        low, high = kind(str(entry["MinValue"])), kind(str(entry["MaxValue"]))
    except ValueError as error:
        raise DefinitionError(
            f"{name}: the bounds of its range are not numbers: {error}."
        ) from error
    if not (low <= high and math.isfinite(high - low)) or (least is not None and low < least):
        raise DefinitionError(f"{name}: the range from {low} to {high} is not possible.")
    return low, high
