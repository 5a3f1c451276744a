"""Limits of single values, as data: `min` and `max` of a number or a length, `pattern`, `enum`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

Limits = Mapping[str, Any]


def broken_limits(value: object, limits: Limits) -> Iterator[str]:
    """Yield what is wrong with a value, such as `must be at least 1, got 0: '0'`."""
    enumeration = limits.get("enum")
    if enumeration and value not in enumeration:
        close = ", ".join(get_close_matches(str(value), enumeration, n=3, cutoff=0))
        yield f"must be a value that SageMaker knows, such as {close}, got {value!r}"
    yield from _wrong_size(value, limits)
    pattern = _pattern(limits.get("pattern", ".*"))
    if isinstance(value, str) and pattern and not pattern.fullmatch(value):
        yield f"must match {pattern.pattern}, got {value!r}"


def limit_problems(value: object, limits: Limits, path: str) -> Iterator[str]:
    """Yield one line for every limit that a value breaks; `path` is how it is named."""
    for rule in broken_limits(value, limits):
        yield f"{path} {rule}."


def _wrong_size(value: object, limits: Limits) -> Iterator[str]:
    counted = isinstance(value, str | list | dict)
    size = len(value) if isinstance(value, str | list | dict) else value
    if isinstance(size, bool) or not isinstance(size, int | float):
        return
    unit = " characters" if isinstance(value, str) else " entries" if counted else ""
    if "max" in limits and size > limits["max"]:
        yield f"may be at most {limits['max']}{unit}, got {size}: {str(value)[:80]!r}"
    if "min" in limits and size < limits["min"]:
        yield f"must be at least {limits['min']}{unit}, got {size}: {str(value)[:80]!r}"


@cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """Compile a pattern; None for the few with Java's classes, which all mean "printable"."""
    # Java writes the characters beyond the first plane as pairs of surrogates.
    text = text.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    return None if "\\p{" in text else re.compile(text, re.DOTALL)
