"""Tags of AWS resources, in the signs and lengths that AWS allows."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from sagetabular.settings.loading import RuleError
from sagetabular.settings.reading import shown

_SIGNS = frozenset("_.:/=+-@")
# Letters, numbers and separators, as Unicode calls them.
_CATEGORIES = ("L", "N", "Z")


def _check_signs(value: str) -> str:
    for sign in value:
        if sign not in _SIGNS and not unicodedata.category(sign).startswith(_CATEGORIES):
            msg = f"must not hold the sign {sign!r}, got {shown(value)}."
            raise RuleError(msg, "Tags are made of letters, digits, spaces and _ . : / = + - @.")
    return value


def _check_key(value: str) -> str:
    if value.lower().startswith("aws:"):
        msg = f"must not have a tag {shown(value)}: AWS keeps the prefix for itself."
        raise RuleError(msg, "Give it another name.")
    return value


TagKey = Annotated[
    str,
    Field(min_length=1, max_length=128),
    AfterValidator(_check_signs),
    AfterValidator(_check_key),
]
TagValue = Annotated[str, Field(max_length=256), AfterValidator(_check_signs)]
Tags = dict[TagKey, TagValue]
