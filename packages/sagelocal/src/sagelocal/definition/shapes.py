"""Shapes: what JSON must look like, as far as it is read.

A shape is `str` (text), `float` (a number, or text that is one), `object` (text, a number or a
boolean), a list with the shape of its elements, or a dict of member → shape. A member whose name
ends with `!` must be there, one with `?` may be null, and `*` means every member.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Shape = type | list["Shape"] | dict[str, "Shape"]

EXPRESSIONS = ("Get", "Std:Join", "Std:JsonGet")
_WORDS: dict[type, str] = {str: "text", float: "a number", object: "text, a number or a boolean"}


def problem(value: object, shape: Shape, place: str) -> str | None:
    """Return the first thing about a value that does not fit its shape; None if it fits.

    Expressions fit anywhere: their values are known only when they are resolved.

    Args:
        value: What to look at.
        shape: What it must look like.
        place: What to call it.
    """
    return None if is_expression(value) else next(_problems(value, shape, place), None)


def is_expression(value: object) -> bool:
    """Return whether a part of a definition is an expression."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in EXPRESSIONS


def _problems(value: object, shape: Shape, place: str) -> Iterator[str]:
    if isinstance(shape, dict):
        if isinstance(value, Mapping):
            yield from _in_object(value, shape, place)
        else:
            yield f"{place} must be an object, got {_short(value)}"
    elif isinstance(shape, list):
        if isinstance(value, list):
            for index, element in enumerate(value):
                yield from _each(problem(element, shape[0], f"{place}[{index}]"))
        else:
            yield f"{place} must be a list, got {_short(value)}"
    elif not _fits(value, shape):
        yield f"{place} must be {_WORDS[shape]}, got {_short(value)}"


def _in_object(value: Mapping[str, object], shape: dict[str, Shape], place: str) -> Iterator[str]:
    for key, inner in shape.items():
        for name in value if key == "*" else [key.rstrip("!?")]:
            member = f"{place}.{name}".removeprefix(".")
            if name in value:
                accepted = value[name] is None and key.endswith("?")
                yield from () if accepted else _each(problem(value[name], inner, member))
            elif key.endswith("!"):
                yield f"{member} is missing"


def _each(found: str | None) -> Iterator[str]:
    if found is not None:
        yield found


def _fits(value: object, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str)
    if kind is object:
        return isinstance(value, str | int | float)
    try:
        float(value)  # type: ignore[arg-type]  # what is none raises
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def _short(value: object) -> str:
    return "null" if value is None else repr(value)[:80]
