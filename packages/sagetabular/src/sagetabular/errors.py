"""The one exception for what the user can fix."""

from __future__ import annotations

import unicodedata

# Control characters, marks that turn the direction of a line, ends of lines, and bytes of a file
# name that are no UTF-8: a terminal obeys them, or cannot show them.
_OBEYED = ("Cc", "Cs", "Zl", "Zp")
_DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"


def printable(text: str, keep: str = "") -> str:
    """Return text as one may print it: what a terminal obeys is escaped, as Python does it.

    Args:
        text: Such as a file's name.
        keep: Characters that are left as they are.
    """
    return "".join(
        each if each in keep or not _is_obeyed(each) else _escaped(each) for each in text
    )


def _is_obeyed(character: str) -> bool:
    return character in _DIRECTIONS or unicodedata.category(character) in _OBEYED


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class UserError(Exception):
    """An error the user can fix: one line with the rule and value, one with the remedy.

    The command line prints it without a traceback and exits with code 2.
    """

    def __init__(self, message: str, remedy: str) -> None:
        """Keep both lines.

        Args:
            message: The rule and the offending value, with the file and field they are in.
            remedy: What to do about it.
        """
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Return the message and the remedy, one line each, whatever is in a file's name."""
        return f"{printable(self.message)}\n{printable(self.remedy)}"
