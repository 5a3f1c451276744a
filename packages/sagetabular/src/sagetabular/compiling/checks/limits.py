"""Limits of single values, as data: to check a value by them takes no botocore."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# `min` and `max` of a number, or of a length; `pattern`; `enum`.
Limits: TypeAlias = "Mapping[str, Any]"
_KINDS = ("min", "max", "pattern")


def limits_of(place: Any) -> dict[str, Any]:
    """Return the limits of a shape of botocore's."""
    found = {kind: place.metadata[kind] for kind in _KINDS if kind in place.metadata}
    enumeration = getattr(place, "enum", None)
    return found | ({"enum": list(enumeration)} if enumeration else {})


def limit_problems(value: Any, limits: Limits, path: str) -> Iterator[str]:
    """Yield one line for every limit that a value breaks; `path` is how it is named."""
    enumeration = limits.get("enum")
    if enumeration and value not in enumeration:
        close = ", ".join(get_close_matches(str(value), enumeration, n=3, cutoff=0))
        yield f"{path} must be a value that SageMaker knows, such as {close}, got {value!r}."
    size = len(value) if isinstance(value, str | list | dict) else value
    if isinstance(size, bool):
        return
    unit = " characters" if isinstance(value, str) else " entries" if size is not value else ""
    if "max" in limits and size > limits["max"]:
        yield f"{path} may be at most {limits['max']}{unit}, got {size}: {str(value)[:80]!r}."
    if "min" in limits and size < limits["min"]:
        yield f"{path} must be at least {limits['min']}{unit}, got {size}: {str(value)[:80]!r}."
    pattern = _pattern(limits.get("pattern", ".*"))
    if isinstance(value, str) and pattern and not pattern.fullmatch(value):
        yield f"{path} must match {pattern.pattern}, got {value!r}."


@cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """Compile a pattern; None for the few with Java's classes, which all mean "printable"."""
    # Java writes the characters beyond the first plane as pairs of surrogates.
    text = text.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    return None if "\\p{" in text else re.compile(text, re.DOTALL)
