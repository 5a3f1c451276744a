"""What is wrong with a table."""

from __future__ import annotations

from sagetabular.printing import printable


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
