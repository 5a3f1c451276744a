"""Checks of the hyperparameters that `model.yaml` gives."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from sagetabular.model_checks.subject import CheckError, make_rows, require

if TYPE_CHECKING:
    from sagetabular.model_checks.subject import Subject
    from sagetabular.settings import Model

UNKNOWN = "no_such_thing"


def ends(settings: Model) -> dict[str, tuple[Any, ...]]:
    """Return name → both ends of its range, or all that it lists."""
    return {
        name: tuple(entry.values) if entry.type == "categorical" else (entry.low, entry.high)
        for name, entry in settings.ranges.items()
    }


def middle(settings: Model) -> dict[str, Any]:
    """Return the fixed hyperparameters, and of every range the middle of its scale."""
    chosen: dict[str, Any] = dict(settings.hyperparameters)
    for name, entry in settings.ranges.items():
        if entry.type == "categorical":
            chosen[name] = entry.values[0]
            continue
        logarithmic = entry.scaling == "Logarithmic"
        low, high = entry.low, entry.high
        half = math.sqrt(low * high) if logarithmic else (low + high) / 2
        chosen[name] = round(half) if entry.type == "integer" else half
    return chosen


def both_ends_of_every_range_are_accepted(subject: Subject) -> None:
    """Fit with each: the search tries them, and a trial that fails is paid for."""
    features, _ = make_rows()
    for name, values in subject.ends.items():
        for value in values:
            try:
                subject.predict(subject.fit(changes={name: value}), features)
            except Exception as error:
                msg = f"model.yaml: tuning.ranges.{name} allows {value!r}"
                raise CheckError(msg) from error


def an_unknown_hyperparameter_is_refused_or_named_in_a_warning(subject: Subject) -> None:
    """Fit with a misspelt name: an error in `model.yaml` must not go unnoticed."""
    complaints: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            subject.fit(changes={UNKNOWN: 1})
        except Exception as error:
            complaints.append(str(error))
    complaints += [str(warning.message) for warning in caught]
    said = any(UNKNOWN in complaint for complaint in complaints)
    require(said, f"the hyperparameter {UNKNOWN!r} was accepted without a word")


CHECKS = (
    both_ends_of_every_range_are_accepted,
    an_unknown_hyperparameter_is_refused_or_named_in_a_warning,
)
