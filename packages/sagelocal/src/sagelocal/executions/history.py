"""Executions of the past: found by identifier, read from their directories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

from sagelocal.errors import ExecutionNotFoundError
from sagelocal.executions.locking import holder
from sagelocal.executions.records import (
    EXECUTING,
    INTERRUPTED,
    STOPPED,
    SUCCEEDED,
    ExecutionRecord,
    StepRecord,
)
from sagelocal.files import read_json

# What another version of this package has noted beside them is not read.
_KNOWN = {field.name for field in fields(ExecutionRecord)} - {"directory", "parameters", "steps"}


def list_executions(home: Path) -> list[ExecutionRecord]:
    """Return all executions, newest first."""
    return [_read(path) for path in sorted(_directories(home), reverse=True)]


def load_execution(home: Path, identifier: str) -> ExecutionRecord:
    """Return the execution whose identifier is, or alone begins with, the given one.

    Raises:
        ExecutionNotFoundError: If there is none, or more than one.
    """
    known = sorted(path.name for path in _directories(home))
    matches = [name for name in known if name.startswith(identifier)] if identifier else []
    if len(matches) == 1:
        return _read(home / "executions" / matches[0])
    if matches:
        raise ExecutionNotFoundError(
            f"{identifier} is the beginning of {len(matches)} executions.",
            f"Write more of it: {', '.join(matches[-5:])}.",
        )
    latest = f"The latest is {known[-1]}." if known else "None has been started yet."
    raise ExecutionNotFoundError(f"There is no execution {identifier}.", latest)


def latest_execution(home: Path, pipeline_name: str) -> ExecutionRecord | None:
    """Return the newest execution of a pipeline, however it ended; None without one."""
    for directory in sorted(_directories(home), reverse=True):
        if read_json(directory / "execution.json")["pipeline_name"] == pipeline_name:
            return _read(directory)
    return None


def succeeded_steps(home: Path, pipeline_name: str, step: str) -> Iterator[StepRecord]:
    """Yield what succeeded under a step's name in the executions of a pipeline, the latest first.

    Of a reused result the one it was taken from is yielded, and once; `cached_from`
    always names the execution that did the work.
    """
    seen = set()
    for directory in sorted(_directories(home), reverse=True):
        if read_json(directory / "execution.json")["pipeline_name"] != pipeline_name:
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


def _read(directory: Path) -> ExecutionRecord:
    """Read a record; one that a crash cut short is reported as interrupted."""
    content = read_json(directory / "execution.json")
    crashed = content["status"] == EXECUTING and holder(directory) is None
    if crashed:
        # It may have ended between the two looks.
        content = read_json(directory / "execution.json")
        crashed = content["status"] == EXECUTING
    if crashed:
        reason = "The process that ran it ended before the execution did."
        content |= {"status": INTERRUPTED, "failure_reason": reason}
    steps = {name: _read_step(directory, name, crashed) for name in content["steps"]}
    return ExecutionRecord(
        **{name: value for name, value in content.items() if name in _KNOWN},
        directory=directory,
        parameters=read_json(directory / "parameters.json"),
        steps=steps,
    )


def _read_step(directory: Path, name: str, crashed: bool) -> StepRecord:
    step = StepRecord(**read_json(directory / "steps" / f"{name}.json"))
    return replace(step, status=STOPPED) if crashed and step.status == EXECUTING else step


def _step_or_none(directory: Path, name: str) -> StepRecord | None:
    try:
        return _read_step(directory, name, crashed=False)
    except FileNotFoundError:  # the pipeline had no such step then, or the execution was removed
        return None
