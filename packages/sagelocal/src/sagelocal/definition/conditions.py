"""Conditions of a Condition step."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping

from sagelocal.errors import DefinitionError, did_you_mean
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
        DefinitionError: If a type or a member is unknown, or a member is missing.
    """
    kind = condition.get("Type") if isinstance(condition, Mapping) else None
    if not isinstance(condition, Mapping) or not isinstance(kind, str) or kind not in _MEMBERS:
        raise DefinitionError(
            f"Step {step}: unknown condition {str(kind or condition)[:80]!r}.",
            did_you_mean(str(kind), _MEMBERS),
        )
    for member in _MEMBERS[kind]:
        if member not in condition:
            raise DefinitionError(
                f"Step {step}: the condition {kind} lacks its {member}.",
                f"It has the members Type, {', '.join(_MEMBERS[kind])}.",
            )
    for member in condition:
        if member not in ("Type", *_MEMBERS[kind]):
            raise DefinitionError(
                f"Step {step}: the condition {kind} has no member {member}.",
                did_you_mean(member, _MEMBERS[kind]),
            )
    for part in _inner(condition, step):
        check_condition(part, step)


def comparisons(condition: JsonObject, place: str) -> Iterator[tuple[str, JsonObject]]:
    """Yield place and condition of everything in a condition that compares values."""
    if condition["Type"] == "Not":
        yield from comparisons(condition["Condition"], f"{place}.Condition")
    elif condition["Type"] == "Or":
        for position, part in enumerate(condition["Conditions"]):
            yield from comparisons(part, f"{place}.Conditions[{position}]")
    else:
        yield place, condition


def operands(condition: JsonObject) -> Iterator[tuple[str, object]]:
    """Yield name and value of what a condition compares."""
    for side in ("LeftValue", "RightValue", "QueryValue"):
        if side in condition:
            yield side, condition[side]
    for position, value in enumerate(condition.get("Values", [])):
        yield f"Values[{position}]", value


def puts_in_order(condition: JsonObject) -> bool:
    """Return whether a condition asks which of two values is greater."""
    return condition["Type"] in _COMPARISONS


def _inner(condition: Mapping[str, object], step: str) -> list[object]:
    """Return the conditions inside one."""
    if condition["Type"] == "Not":
        return [condition["Condition"]]
    name = {"Or": "Conditions", "In": "Values"}.get(str(condition["Type"]), "")
    listed = condition.get(name, [])
    if not isinstance(listed, list):
        raise DefinitionError(
            f"Step {step}: {name} must be a list, got {str(listed)[:80]!r}.",
            f"Write one, if only with a single entry, in the condition {condition['Type']}.",
        )
    return listed if name == "Conditions" else []


def holds(condition: JsonObject) -> bool:
    """Return whether a condition holds; its expressions must be resolved already.

    Raises:
        DefinitionError: If values are put in order that are neither two numbers nor two texts.
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
    texts = isinstance(left, str) and isinstance(right, str)
    if not texts and not (_is_number(left) and _is_number(right)):
        raise DefinitionError(
            f"{kind} compares two numbers or two texts, got {left!r} and {right!r}.",
            "Make both of one type: `to_string()` in the SDK makes a number text.",
        )
    return _COMPARISONS[kind](left, right)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
