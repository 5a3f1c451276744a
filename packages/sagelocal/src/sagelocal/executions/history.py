"""Executions of the past: found by identifier, read from their directories.

A damaged one is named and left out wherever all are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sagelocal.errors import DamagedError, ExecutionNotFoundError
from sagelocal.executions.reading import read_execution, read_overview, read_step
from sagelocal.executions.records import SUCCEEDED, ExecutionRecord, StepRecord
from sagelocal.files import warn_of

_T = TypeVar("_T")


def list_executions(home: Path, *, whole: bool = False) -> list[ExecutionRecord]:
    """Return all executions that can be read, newest first.

    Args:
        home: The folder that holds `executions/`.
        whole: Whether none may be missing.

    Raises:
        DamagedError: If one is damaged, and none may be missing.
    """
    directories = sorted(_directories(home), reverse=True)
    if whole:
        return [read_execution(directory) for directory in directories]
    found = (_if_whole(read_execution, directory) for directory in directories)
    return [record for record in found if record is not None]


def load_execution(home: Path, identifier: str) -> ExecutionRecord:
    """Return the execution whose identifier is, or alone begins with, the given one.

    Raises:
        ExecutionNotFoundError: If there is none, or more than one.
        DamagedError: If a file of it is not what was written.
    """
    known = sorted(path.name for path in _directories(home))
    matches = [name for name in known if name.startswith(identifier)] if identifier else []
    if len(matches) == 1:
        return read_execution(home / "executions" / matches[0])
    if matches:
        raise ExecutionNotFoundError(
            f"{identifier} is the beginning of {len(matches)} executions.",
            f"Write more of it: {', '.join(matches[-5:])}.",
        )
    latest = f"The latest is {known[-1]}." if known else "None has been started yet."
    raise ExecutionNotFoundError(f"There is no execution {identifier}.", latest)


def latest_execution(home: Path, pipeline_name: str) -> ExecutionRecord | None:
    """Return the newest execution of a pipeline, however it ended; None without one.

    Raises:
        DamagedError: If a file of it is not what was written.
    """
    for directory in sorted(_directories(home), reverse=True):
        content = _if_whole(read_overview, directory)
        if content is not None and content["pipeline_name"] == pipeline_name:
            return read_execution(directory)
    return None


def succeeded_steps(home: Path, pipeline_name: str, step: str) -> Iterator[StepRecord]:
    """Yield what succeeded under a step's name in the executions of a pipeline, the latest first.

    Of a reused result the one it was taken from is yielded, and once; `cached_from`
    always names the execution that did the work.
    """
    seen = set()
    for directory in sorted(_directories(home), reverse=True):
        content = _if_whole(read_overview, directory)
        if content is None or content["pipeline_name"] != pipeline_name:
            continue
        record = _step_or_none(directory, step)
        if record is None or record.status != SUCCEEDED:
            continue
        origin = record.cached_from or directory.name
        if record.cached_from:
            record = _step_or_none(directory.with_name(origin), step)
        if record is not None and origin not in seen:
            seen.add(origin)
            yield replace(record, cached_from=origin)


def _directories(home: Path) -> list[Path]:
    return [file.parent for file in (home / "executions").glob("[0-9]*/execution.json")]


def _if_whole(read: Callable[[Path], _T], directory: Path) -> _T | None:
    """Return what is read of an execution; None, once that is said, if it is damaged or gone."""
    try:
        return read(directory)
    except DamagedError as error:
        warn_of(str(error))
    except FileNotFoundError:  # it was removed in this very moment
        pass
    return None


def _step_or_none(directory: Path, name: str) -> StepRecord | None:
    """Return the record of a step; None if the pipeline had no such step then, or it is damaged."""
    return _if_whole(lambda path: read_step(path, name), directory)
