"""Conditions of a Condition step."""

from __future__ import annotations

import operator
from collections.abc import Callable

from localsage.errors import DefinitionError
from localsage.files import JsonObject

_COMPARISONS: dict[str, Callable[..., bool]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
CONDITION_TYPES = ("Equals", *_COMPARISONS, "In", "Not", "Or")


def holds(condition: JsonObject) -> bool:
    """Say whether a condition holds; its expressions must be resolved already.

    Raises:
        DefinitionError: If the type is unknown, or if values that are not numbers are put in order.
    """
    kind = condition["Type"]
    if kind == "Not":
        return not holds(condition["Condition"])
    if kind == "Or":
        return any(holds(inner) for inner in condition["Conditions"])
    if kind == "In":
        return condition["QueryValue"] in condition["Values"]
    left, right = condition["LeftValue"], condition["RightValue"]
    if kind == "Equals":
        return bool(left == right)
    if not (_is_number(left) and _is_number(right)):
        raise DefinitionError(f"{kind} compares numbers, got {left!r} and {right!r}.")
    return _COMPARISONS[kind](left, right)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
