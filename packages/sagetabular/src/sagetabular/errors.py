"""The one exception for what the user can fix."""

from __future__ import annotations

from sagetabular.printing import printable


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
