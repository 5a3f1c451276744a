"""The errors of the local back-end: the rule that was broken first, then the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "DamagedError",
    "DefinitionError",
    "ExecutionNotFoundError",
    "ExecutionStateError",
    "ParameterError",
    "RecordError",
    "RegistryError",
    "SageLocalError",
    "SelectionError",
    "ServerError",
    "StorageError",
    "did_you_mean",
]


class SageLocalError(Exception):
    """Base of every error that this package raises on purpose.

    Args:
        message: The rule and the offending value, in one sentence.
        remedy: What to do about it; becomes the second line.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Return message and remedy, one line each."""
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


class DamagedError(SageLocalError):
    """A file in which this package keeps its state is not what it wrote."""


class DefinitionError(SageLocalError):
    """The pipeline definition, or a request in it, is not something that can run."""


class ParameterError(SageLocalError):
    """A pipeline parameter is missing, unknown or of the wrong type."""


class StorageError(SageLocalError):
    """An S3 address is malformed, or there is nothing where something was expected."""


class RegistryError(SageLocalError):
    """A model package or group does not exist or cannot be made."""


class RecordError(SageLocalError):
    """A record of a Transform job, or the answer to it, is not what it should be."""


class ServerError(SageLocalError):
    """The program that serves a model does not start, has ended, or does not answer."""


class ExecutionNotFoundError(SageLocalError):
    """No execution, or more than one, answers to an identifier."""


class ExecutionStateError(SageLocalError):
    """An execution is in no state for what was asked: it runs, or it is finished."""


class SelectionError(SageLocalError):
    """Steps were selected that do not exist, or that need results which are not there."""


class StoppedError(SageLocalError):
    """The execution was stopped from outside while a job ran or waited."""


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return a remedy that names the closest candidate, or all of them."""
    known = sorted(candidates)
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Known are: {', '.join(known)}." if known else "There are none."
