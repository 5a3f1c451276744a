"""Texts as one may print them: a terminal obeys some characters, and cannot show others."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Control characters, marks that turn the direction of a line, ends of lines, and bytes of a file
# name that are no UTF-8.
_OBEYED = ("Cc", "Cs", "Zl", "Zp")
_DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_LISTED = 20
_SHOWN = 60


def printable(text: str, keep: str = "") -> str:
    r"""Return text with what a terminal obeys escaped, as Python does it.

    Args:
        text: Such as a file's name.
        keep: Characters that are left as they are.

    Examples:
        >>> printable("a\x1b[2Jb\u202ec")
        'a\\x1b[2Jb\\u202ec'
    """
    return "".join(
        each if each in keep or not _is_obeyed(each) else _escaped(each) for each in text
    )


def _is_obeyed(character: str) -> bool:
    return character in _DIRECTIONS or unicodedata.category(character) in _OBEYED


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def shown(value: object) -> str:
    """Return a value as an error quotes it; a long text is cut."""
    if not isinstance(value, str):
        return str(value)
    return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")


def listed(names: Sequence[str]) -> str:
    """Return names as one phrase; a long list is cut."""
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return printable(", ".join(names[:_LISTED])) + more
