"""The exceptions for failures that the user's data or settings, or a program, caused.

Jobs run in images that hold this package alone, so they are not the command line's `UserError`.
"""

from __future__ import annotations

from signal import Signals

_MOST_SHOWN = 80


def shown(value: object) -> str:
    """Return a value from a file in at most 80 characters and an ellipsis.

    Words about a value must not fail themselves: Python shows neither what is nested a thousand
    times nor numbers of thousands of digits.
    """
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        return f"a value of type {type(value).__name__} that is too long to show"
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


class JobError(Exception):
    """A failure the user can fix: one line with the rule and value, one with the remedy."""

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
        """Return the message and the remedy, one line each."""
        return f"{self.message}\n{self.remedy}"


class ProgramFailedError(Exception):
    """The program that a job started did not end well; it has said in the log what happened."""

    def __init__(self, reason: str, exit_code: int) -> None:
        """Keep what to report.

        Args:
            reason: Text for SageMaker's `FailureReason`.
            exit_code: The code that the job ends with, too.
        """
        super().__init__(reason, exit_code)
        self.reason = reason
        self.exit_code = exit_code


class StoppedError(BaseException):
    """The job was stopped by a signal, and has cleared up.

    Not an `Exception`: libraries turn those that come while they wait into errors of their own.
    """

    def __init__(self, number: int) -> None:
        """Keep the signal.

        Args:
            number: Of the signal.
        """
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        """Return the reason to report."""
        return f"The job was stopped by {Signals(self.number).name}."

    @property
    def exit_code(self) -> int:
        """The code that the job ends with, as a shell would give it."""
        return 128 + self.number
