"""What is wrong with a table, and how a name or value of the user's is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTED = 20
_SHOWN = 60


class ReadingError(Exception):
    """A table cannot be read: one line with the rule and value, one with the remedy.

    Every program has an exception of its own for its user, which takes over both lines.
    """

    def __init__(self, message: str, remedy: str) -> None:
        """Keep both lines.

        Args:
            message: The rule and the offending value, with the file and field they are in.
            remedy: What to do about it.
        """
        super().__init__(message, remedy)
        self.message = printable(message)
        self.remedy = printable(remedy)

    def __str__(self) -> str:
        """Return the message and the remedy, one line each."""
        return f"{self.message}\n{self.remedy}"


def printable(text: str) -> str:
    r"""Return a text with its control characters and direction marks escaped.

    A terminal would obey them, and a name could look like another one.

    Examples:
        >>> printable("a\x1b[2Jb\u202ec")
        'a\\x1b[2Jb\\u202ec'
    """
    if text.isprintable():
        return text
    return "".join(
        mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text
    )


def shown(value: object) -> str:
    """Return a value as an error quotes it; a long text is cut."""
    if not isinstance(value, str):
        return str(value)
    return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")


def listed(names: Sequence[str]) -> str:
    """Return names as one phrase; a long list is cut."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return printable(", ".join(names[:_LISTED])) + more
