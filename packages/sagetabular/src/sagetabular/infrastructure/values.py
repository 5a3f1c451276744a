"""Values of one parameter: what its declaration in a template allows.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 4096  # bytes of a value


def problem(declared: Mapping[str, Any], value: str) -> str | None:
    """Return what a value must be and is not, as the end of a sentence; None if it is fine.

    Args:
        declared: The parameter's declaration.
        value: As CloudFormation takes it; a list has commas.
    """
    kind = str(declared.get("Type", "String"))
    if len(value.encode()) > LONGEST:
        return f"must have at most {LONGEST:,} bytes"
    listed = kind.startswith("List<") or kind == "CommaDelimitedList"
    parts = [part.strip() for part in value.split(",")] if listed else [value]
    for part in parts:
        found = _problem_of_one(declared, part, "Number" in kind)
        if found:
            return found
    return None


def allows_nothing(declared: Mapping[str, Any]) -> bool:
    """Return whether a parameter without a default says itself that it may be empty."""
    return "AllowedPattern" in declared and problem(declared, "") is None


def _problem_of_one(declared: Mapping[str, Any], value: str, is_number: bool) -> str | None:
    allowed = [_text(each) for each in declared.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"must be one of {', '.join(allowed)}"
    pattern = declared.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(str(pattern), value, re.ASCII):
        return f"must match {pattern}"
    return _out_of_range(declared, value) if is_number else _wrong_length(declared, value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _out_of_range(declared: Mapping[str, Any], value: str) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "must be a number"
    if not number.is_finite():
        return "must be a number"
    least, most = declared.get("MinValue"), declared.get("MaxValue")
    if least is not None and number < Decimal(str(least)):
        return f"must be {least} or more"
    if most is not None and number > Decimal(str(most)):
        return f"must be {most} or less"
    return None


def _wrong_length(declared: Mapping[str, Any], value: str) -> str | None:
    least, most = declared.get("MinLength"), declared.get("MaxLength")
    if least is not None and len(value) < int(least):
        return f"must have {least} characters or more"
    if most is not None and len(value) > int(most):
        return f"must have {most} characters or less"
    return None
