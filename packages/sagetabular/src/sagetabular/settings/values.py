"""Hyperparameters: names that are free, and values that travel as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator

from sagetabular.settings.loading import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable

# Prefixes that the jobs and SageMaker's containers keep for themselves.
RESERVED_PREFIXES = ("job_", "sagemaker_", "_")


def _check_value(value: object) -> object:
    finite = not isinstance(value, float) or math.isfinite(value)
    if not isinstance(value, str | int | float | bool) or not finite:
        msg = f"must be text, a number, true or false, got {value!r}."
        raise RuleError(msg, "Write one value; several to choose from go under tuning.ranges.")
    return value


Value = Annotated[str | int | float | bool, BeforeValidator(_check_value)]
Hyperparameters = dict[str, Value]


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
