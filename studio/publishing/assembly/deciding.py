"""Conditions as far as they are known before anybody has chosen a parameter.

A condition is `True`, `False`, or what CloudFormation is left to decide. What is known: literals,
and that a name, an ARN or an attribute of a resource is never the empty text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sagetabular.infrastructure.values import problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")


def equals(first: Any, second: Any, declared: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return whether two values are equal, as far as that is known.

    Args:
        first: A value; functions in their long form.
        second: Another one.
        declared: Parameters that stay parameters.
    """
    for one, other in ((first, second), (second, first)):
        if is_if(one):
            # A condition holds no `Fn::If`: both branches are compared instead.
            name, then, otherwise = one["Fn::If"]
            return if_else(name, equals(then, other, declared), equals(otherwise, other, declared))
    if is_literal(first) and is_literal(second):
        return _text(first) == _text(second)
    for one, other in ((first, second), (second, first)):
        if one == "" and never_empty(other, declared):
            return False
    return {"Fn::Equals": [first, second]}


def if_else(name: str, then: Any, otherwise: Any) -> Any:
    """Return a condition that is one of two others, by a third one's name."""
    condition = {"Condition": name}
    return any_of([all_of([condition, then]), all_of([negated(condition), otherwise])])


def all_of(conditions: Sequence[Any]) -> Any:
    """Return whether all conditions hold."""
    if any(each is False for each in conditions):
        return False
    return _joined("Fn::And", [each for each in conditions if each is not True], none=True)


def any_of(conditions: Sequence[Any]) -> Any:
    """Return whether one of the conditions holds, or more."""
    if any(each is True for each in conditions):
        return True
    return _joined("Fn::Or", [each for each in conditions if each is not False], none=False)


def negated(condition: Any) -> Any:
    """Return whether a condition does not hold."""
    if isinstance(condition, bool):
        return not condition
    if isinstance(condition, dict) and "Fn::Not" in condition:
        return condition["Fn::Not"][0]
    return {"Fn::Not": [condition]}


def never_empty(node: Any, declared: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether a value can be told not to be the empty text.

    Args:
        node: A value; functions in their long form.
        declared: Parameters that stay parameters.
    """
    if is_literal(node):
        return _text(node) != ""
    if not isinstance(node, dict) or len(node) != 1:
        return False
    (name, argument), = node.items()  # fmt: skip
    if name == "Ref":
        return _reference_never_empty(argument, declared)
    if name == "Fn::Sub":
        return _sub_never_empty(argument, declared)
    if name == "Fn::Join":
        return isinstance(argument[1], list) and any(never_empty(e, declared) for e in argument[1])
    return bool(name == "Fn::GetAtt")


def is_if(node: Any) -> bool:
    """Return whether a node is a choice that CloudFormation makes."""
    return isinstance(node, dict) and list(node) == ["Fn::If"]


def is_literal(node: Any) -> bool:
    """Return whether a node is a text, number or truth value as it stands."""
    return isinstance(node, str | int | float)


def _joined(function: str, conditions: list[Any], *, none: bool) -> Any:
    if not conditions:
        return none
    return conditions[0] if len(conditions) == 1 else {function: conditions}


def _text(literal: Any) -> str:
    return str(literal).lower() if isinstance(literal, bool) else str(literal)


def _reference_never_empty(name: str, declared: Mapping[str, Mapping[str, Any]]) -> bool:
    if name not in declared:
        return name != "AWS::NoValue"
    return problem(declared[name], "") is not None


def _sub_never_empty(argument: Any, declared: Mapping[str, Mapping[str, Any]]) -> bool:
    text, own = (argument, {}) if isinstance(argument, str) else argument
    if VARIABLE.sub("", text):
        return True
    return any(
        literal or "." in name or never_empty(own.get(name, {"Ref": name}), declared)
        for literal, name in VARIABLE.findall(text)
    )
