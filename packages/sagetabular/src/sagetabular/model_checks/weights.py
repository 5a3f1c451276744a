"""Checks of the keyword `weights`, which a project with weights calls a model with."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sagetabular.model_checks.subject import SEED, require, require_same

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    from sagetabular.model_checks.subject import Subject

# How much the rows of one answer count, and those of the other.
_HEAVY, _LIGHT = 9.0, 1.0


def weights_if_taken_make_rows_count_more(subject: Subject) -> None:
    """Give each row two answers, and weigh now the one, now the other."""
    if not _taken(subject.code):
        rule = "fit must take the keyword weights: conf/pipeline.yaml has weights"
        require(not subject.asked.weighted, f"{rule} (data.weights or data.class_weights)")
        return
    rows = _two_answers(subject)
    low, high = (_mean_answer(subject, rows, heavy) for heavy in (0, 1))
    # A model that weighs them has 0.8 of the way between the answers, however coarse it is.
    require(
        high > low + 0.1, f"rows that weigh 9 times as much move predictions by {high - low:.3g}"
    )


def weights_if_taken_are_the_same_in_two_parts(subject: Subject) -> None:
    """Fit by `prepare` and `fit_prepared`, as trials are, and by `fit`, as the winner is."""
    prepare = getattr(subject.code, "prepare", None)
    fit_prepared = getattr(subject.code, "fit_prepared", None)
    if (
        prepare is None
        or fit_prepared is None
        or not (subject.asked.weighted or _taken(subject.code))
    ):
        return
    require(_takes(prepare), "prepare must take the keyword weights, as fit does")
    features, target = subject.rows()
    weights = pd.Series(np.random.default_rng(SEED).uniform(0.5, 2, len(features)))
    whole = subject.fit((features, target), weights=weights)
    rest = fit_prepared(prepare(features, target, weights=weights), subject.hyperparameters, SEED)
    found, expected = (subject.predict(model, features) for model in (rest, whole))
    require_same(found, expected, "fitted in two parts with weights")


def _taken(code: Any) -> bool:
    return _takes(code.fit)


def _takes(function: Callable[..., Any]) -> bool:
    """Return whether a function takes the keyword `weights`."""
    parameters = inspect.signature(function).parameters.values()
    return any(p.name == "weights" or p.kind is p.VAR_KEYWORD for p in parameters)


def _two_answers(subject: Subject) -> tuple[pd.DataFrame, pd.Series]:
    """Return all rows twice: with the answer 0, or the first class, then with 1, or the last."""
    features, target = subject.rows()
    count = len(features)
    twice = pd.concat([features, features], ignore_index=True)
    if subject.task == "regression":
        return twice, pd.Series(np.repeat([0.0, 1.0], count))
    classes = target.cat.categories
    codes = np.repeat([0, len(classes) - 1], count)
    return twice, pd.Series(pd.Categorical.from_codes(codes, categories=classes))


def _mean_answer(subject: Subject, rows: tuple[pd.DataFrame, pd.Series], heavy: int) -> float:
    """Return the mean prediction, or probability of the last class, if one answer weighs more."""
    half = len(rows[0]) // 2
    weights = np.repeat([_LIGHT, _HEAVY] if heavy else [_HEAVY, _LIGHT], half)
    model = subject.fit(rows, weights=pd.Series(weights))
    found: NDArray[np.float64] = subject.predict(model, rows[0])
    return float((found if found.ndim == 1 else found[:, -1]).mean())


CHECKS = (weights_if_taken_make_rows_count_more, weights_if_taken_are_the_same_in_two_parts)
