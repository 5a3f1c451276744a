"""Claims: one process at a time runs an execution, and none is removed while any runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sagelocal.errors import ExecutionStateError
from sagelocal.executions.history import list_executions, load_execution
from sagelocal.executions.locking import HeldError, hold, holder
from sagelocal.executions.records import ExecutionRecord


@contextmanager
def in_use(home: Path) -> Iterator[None]:
    """Keep all executions from being removed, for the length of the block.

    Raises:
        OSError: If nothing can be written below `home`.
    """
    home.mkdir(parents=True, exist_ok=True)
    with hold(home, shared=True):
        yield


@contextmanager
def claimed(home: Path, identifier: str) -> Iterator[ExecutionRecord]:
    """Hold the lock of an execution that exists, and give its record as it is from then on.

    Raises:
        ExecutionNotFoundError: If there is none, or more than one.
        ExecutionStateError: If it runs.
    """
    found = load_execution(home, identifier)
    try:
        with hold(found.directory):
            yield load_execution(home, found.id)
    except HeldError as error:
        raise ExecutionStateError(
            f"Execution {found.id} is still running, in process {holder(found.directory)}.",
            "Wait for its end, or stop it first.",
        ) from error


@contextmanager
def unused(home: Path) -> Iterator[None]:
    """Keep every execution from running, for the length of the block.

    Raises:
        ExecutionStateError: If one runs, and may use results of any other.
        OSError: If nothing can be written below `home`.
    """
    home.mkdir(parents=True, exist_ok=True)
    try:
        with hold(home):
            yield
    except HeldError as error:
        raise ExecutionStateError(
            f"{_running(home)}, and may use results of any other.", "Clean up once it has ended."
        ) from error


def _running(home: Path) -> str:
    for record in list_executions(home):
        process = holder(record.directory)
        if process is not None:
            return f"Execution {record.id} is running, in process {process}"
    return "An execution is about to start"
