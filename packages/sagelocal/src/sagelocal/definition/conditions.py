"""Conditions of a Condition step."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject

_COMPARISONS: dict[str, Callable[..., bool]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
_SIDES = ("LeftValue", "RightValue")
_MEMBERS: dict[str, tuple[str, ...]] = {
    "Equals": _SIDES,
    **dict.fromkeys(_COMPARISONS, _SIDES),
    "In": ("QueryValue", "Values"),
    "Not": ("Condition",),
    "Or": ("Conditions",),
}


def check_condition(condition: object, step: str) -> None:
    """Check the shape of a condition and of those inside it.

    Raises:
        DefinitionError: If a type is unknown, or a member of it is missing.
    """
    kind = condition.get("Type") if isinstance(condition, Mapping) else None
    if not isinstance(condition, Mapping) or not isinstance(kind, str) or kind not in _MEMBERS:
        raise DefinitionError(
            f"Step {step}: unknown condition {str(kind or condition)[:80]!r}.",
            f"Known are {', '.join(_MEMBERS)}.",
        )
    for member in _MEMBERS[kind]:
        if member not in condition:
            raise DefinitionError(f"Step {step}: the condition {kind} lacks its {member}.")
    inner = {"Not": [condition.get("Condition")], "Or": condition.get("Conditions")}.get(kind, [])
    if not isinstance(inner, list):
        raise DefinitionError(f"Step {step}: Conditions must be a list, got {str(inner)[:80]!r}.")
    for part in inner:
        check_condition(part, step)


def holds(condition: JsonObject) -> bool:
    """Return whether a condition holds; its expressions must be resolved already.

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
