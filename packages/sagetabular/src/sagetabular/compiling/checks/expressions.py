"""Expressions of a pipeline definition: where they stand, and what they consist of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

GET, JOIN, JSON_GET = "Get", "Std:Join", "Std:JsonGet"
_SEGMENT = re.compile(r"\['([^']*)'\]|\.?([^.\[]+)")


def is_expression(value: Any) -> bool:
    """Return whether a JSON value stands for something known only when the pipeline runs."""
    return (
        isinstance(value, dict) and len(value) == 1 and next(iter(value)) in (GET, JOIN, JSON_GET)
    )


def expressions(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield path and expression of all outermost expressions in a JSON value."""
    if is_expression(value):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from expressions(item, f"{path}.{key}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from expressions(item, f"{path}[{position}]")


def references(expression: dict[str, Any]) -> Iterator[str]:
    """Yield the dotted names that an expression refers to, at any depth."""
    ((kind, content),) = expression.items()
    if kind == GET:
        yield content
    elif kind == JSON_GET:
        yield content["PropertyFile"][GET]
    else:
        for value in content["Values"]:
            if is_expression(value):
                yield from references(value)


def segments(reference: str) -> list[str]:
    """Split `Steps.Tune.Outputs['train'].S3Uri` into its names."""
    return [key or name for key, name in _SEGMENT.findall(reference)]


def all_steps(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield all steps, those inside conditions too."""
    for step in steps:
        yield step
        for branch in ("IfSteps", "ElseSteps"):
            yield from all_steps(step["Arguments"].get(branch, []))
