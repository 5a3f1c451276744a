"""Checks of the hyperparameters that `model.yaml` gives."""

from __future__ import annotations

import math
import re
import warnings
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.models.refusals import declared_by
from sagetabular.model_checks.subject import ANYTHING, Asked, CheckError, require

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.model_checks.subject import Subject
    from sagetabular.settings import Model

UNKNOWN = "no_such_thing"
# How libraries call a parameter that they were given for nothing.
_UNUSED = re.compile(r"not used|unused|unknown|unrecogni[sz]ed|ignored", re.IGNORECASE)


def ends(settings: Model) -> dict[str, tuple[Any, ...]]:
    """Return name → both ends of its range, or all that it lists."""
    return {
        name: tuple(entry.values) if entry.type == "categorical" else (entry.low, entry.high)
        for name, entry in settings.ranges.items()
    }


def middle(settings: Model, asked: Asked = ANYTHING) -> dict[str, Any]:
    """Return the fixed hyperparameters, and of every range the middle of its scale.

    What a mapping gives for the project's columns is left out: made-up rows have other ones.
    """
    chosen: dict[str, Any] = {
        name: _without(value, asked.columns) if isinstance(value, dict) else value
        for name, value in settings.hyperparameters.items()
    }
    for name, entry in settings.ranges.items():
        if entry.type == "categorical":
            chosen[name] = entry.values[0]
            continue
        logarithmic = entry.scaling == "Logarithmic"
        low, high = entry.low, entry.high
        half = math.sqrt(low * high) if logarithmic else (low + high) / 2
        chosen[name] = round(half) if entry.type == "integer" else half
    return chosen


def _without(given: Mapping[str, Any], columns: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in columns}


def both_ends_of_every_range_are_accepted(subject: Subject) -> None:
    """Fit with each: the search tries them, and a trial that fails is paid for."""
    features, _ = subject.rows()
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


def every_hyperparameter_of_model_yaml_is_one_of_the_model(subject: Subject) -> None:
    """Compare the names with those declared, else fit and listen: one without effect costs trials.

    Libraries say that they do not use a name in a warning, which only a log would hear.
    """
    names = declared_by(subject.code)
    if names is not None:
        unknown, missing = (
            names.unknown(subject.hyperparameters),
            names.missing(subject.hyperparameters),
        )
        require(unknown is None, f"model.py has no hyperparameter {unknown and unknown[0]!r}")
        require(missing is None, f"model.py needs the hyperparameter {missing!r}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        subject.fit()
    said = [text for text in (str(each.message) for each in caught) if _UNUSED.search(text)]
    unused = [name for name in subject.hyperparameters for text in said if name in text]
    require(not unused, f"the hyperparameter {unused and unused[0]!r} is not used: {said[:1]}")


CHECKS = (
    both_ends_of_every_range_are_accepted,
    an_unknown_hyperparameter_is_refused_or_named_in_a_warning,
    every_hyperparameter_of_model_yaml_is_one_of_the_model,
)
