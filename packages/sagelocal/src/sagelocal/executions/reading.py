"""Records as they lie on the disk: read, and checked to be what was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path

from sagelocal.executions.artefacts import result_addresses
from sagelocal.executions.locking import holder
from sagelocal.executions.records import (
    EXECUTING,
    FAILED,
    INTERRUPTED,
    NOT_EXECUTED,
    STOPPED,
    SUCCEEDED,
    ExecutionRecord,
    StepRecord,
)
from sagelocal.files import JsonObject, damaged, read_json

_STATUSES = (EXECUTING, SUCCEEDED, FAILED, STOPPED)
_TEXT = (str, type(None))
_OBJECT = (dict, type(None))
_TIMES = {"start_time": _TEXT, "end_time": _TEXT}
# What another version of this package has noted beside them is not read.
_OF_EXECUTION: dict[str, tuple[type, ...]] = {
    **{"id": (str,), "pipeline_name": (str,), "status": (str,), "steps": (list,), **_TIMES},
    **{"failure_reason": _TEXT, "failed_step": _TEXT, "metadata": (dict,), "use_cache": (bool,)},
    **{"selected": (list, type(None)), "attempts": (int,)},
}
_OF_STEP: dict[str, tuple[type, ...]] = {
    **{"name": (str,), "kind": (str,), "status": (str,), **_TIMES, "failure_reason": _TEXT},
    **{"arguments": _OBJECT, "response": _OBJECT},
    **{"outcome": _TEXT, "cached_from": _TEXT, "token": _TEXT},
}


def read_overview(directory: Path) -> JsonObject:
    """Return the content of `execution.json`: what is known of an execution but its steps.

    Raises:
        DamagedError: If it is not what was written.
        FileNotFoundError: If the execution is gone.
    """
    path = directory / "execution.json"
    content = read_json(path, directory)
    for name in ("id", "pipeline_name", "status", "start_time", "steps"):
        if name not in content:
            raise damaged(path, f"{name} is missing", directory)
    _check_members(path, directory, content, _OF_EXECUTION)
    if content["start_time"] is None or content["id"] != directory.name:
        raise damaged(path, f"it is not about {directory.name}", directory)
    for name in (*content["steps"], *(content.get("selected") or [])):
        if not isinstance(name, str):
            raise damaged(path, f"{name!r} is no name of a step", directory)
    return content


def read_execution(directory: Path) -> ExecutionRecord:
    """Return a record; one that a crash cut short is reported as interrupted.

    Raises:
        DamagedError: If a file of it is not what was written.
        FileNotFoundError: If the execution is gone.
    """
    content = read_overview(directory)
    crashed = content["status"] == EXECUTING and holder(directory) is None
    if crashed:
        # It may have ended between the two looks.
        content = read_overview(directory)
        crashed = content["status"] == EXECUTING
    if crashed:
        reason = "The process that ran it ended before the execution did."
        content |= {"status": INTERRUPTED, "failure_reason": reason}
    known = {field.name for field in fields(ExecutionRecord)} & _OF_EXECUTION.keys() - {"steps"}
    try:
        return ExecutionRecord(
            **{name: value for name, value in content.items() if name in known},
            directory=directory,
            parameters=read_json(directory / "parameters.json", directory),
            steps={name: read_step(directory, name, crashed=crashed) for name in content["steps"]},
        )
    except FileNotFoundError as error:
        if not (directory / "execution.json").exists():
            raise
        raise damaged(Path(error.filename), "it is missing", directory) from error


def read_step(directory: Path, name: str, *, crashed: bool = False) -> StepRecord:
    """Return the record of a step.

    Args:
        directory: Of the execution.
        name: Of the step.
        crashed: Whether the process that ran the execution ended before that did.

    Raises:
        DamagedError: If it is not what was written.
        FileNotFoundError: If there is none.
    """
    path = directory / "steps" / f"{name}.json"
    content = read_json(path, directory)
    for member in ("name", "kind", "status"):
        if member not in content:
            raise damaged(path, f"{member} is missing", directory)
    _check_members(path, directory, content, _OF_STEP)
    step = StepRecord(**{key: value for key, value in content.items() if key in _OF_STEP})
    if step.name != name:
        raise damaged(path, f"it is not about {name}", directory)
    if step.status == SUCCEEDED:
        _check_result(path, directory, step)
    return replace(step, status=STOPPED) if crashed and step.status == EXECUTING else step


def _check_members(
    path: Path, directory: Path, content: JsonObject, kinds: Mapping[str, tuple[type, ...]]
) -> None:
    for name, allowed in kinds.items():
        if name in content and not isinstance(content[name], allowed):
            raise damaged(path, f"{name} cannot be {content[name]!r:.80}", directory)
    if content["status"] not in (*_STATUSES, NOT_EXECUTED):
        raise damaged(path, f"there is no status {content['status']!r:.80}", directory)
    for name in _TIMES:
        try:
            datetime.fromisoformat(content.get(name) or "2026-01-01")
        except ValueError as error:
            raise damaged(path, f"{name} is no time ({error})", directory) from error


def _check_result(path: Path, directory: Path, step: StepRecord) -> None:
    """Check that a step that succeeded has what later steps, and people, look for."""
    for name in ("end_time", "arguments", "response"):
        if getattr(step, name) is None:
            raise damaged(path, f"it succeeded, and has no {name}", directory)
    try:
        addresses = result_addresses(step)
    except (AttributeError, KeyError, TypeError) as error:
        raise damaged(path, f"its response has no result ({error!r:.80})", directory) from error
    if not all(isinstance(address, str) for address in addresses):
        raise damaged(path, "its response has no result", directory)
