"""The record of an execution: a directory that tells the whole story, readable at any time.

::

    executions/<id>/definition.json    the bytes that were started
                    parameters.json    the value of every parameter
                    execution.json     status, times, failure reason
                    steps/<Step>.json  status, times, resolved request, response
                    logs/<Step>/<job>.log
                    work/<job>/        trees of jobs that run or failed
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localsage.errors import ExecutionNotFoundError
from localsage.files import JsonObject, now, read_json, temporary_sibling, write_bytes, write_json

EXECUTING, SUCCEEDED, FAILED, STOPPED = "Executing", "Succeeded", "Failed", "Stopped"
NOT_EXECUTED = "NotExecuted"


@dataclass(frozen=True)
class StepRecord:
    """The state of one step.

    Attributes
    ----------
    name, kind : str
        Name and type.
    status : str
        ``NotExecuted``, ``Executing``, ``Succeeded``, ``Failed`` or ``Stopped``.
    start_time, end_time : str or None
        UTC, ISO 8601.
    arguments : dict or None
        The request with every expression resolved.
    response : dict or None
        The ``Describe…`` response, with ``ExitCode`` for jobs.
    outcome : str or None
        ``True`` or ``False``, for a Condition that was evaluated.
    failure_reason : str or None
        Why it failed.
    """

    name: str
    kind: str
    status: str = NOT_EXECUTED
    start_time: str | None = None
    end_time: str | None = None
    arguments: JsonObject | None = None
    response: JsonObject | None = None
    outcome: str | None = None
    failure_reason: str | None = None

    @property
    def exit_code(self) -> int | None:
        """Exit code of the step's job; None when no job of it ended."""
        return (self.response or {}).get("ExitCode")


@dataclass(frozen=True)
class ExecutionRecord:
    """The state of one execution.

    Attributes
    ----------
    id, pipeline_name : str
        Identifier ``YYYYMMDD-HHMMSS-xxxx``; name of the pipeline.
    status : str
        ``Executing``, ``Succeeded``, ``Failed`` or ``Stopped``.
    start_time, end_time : str or None
        UTC, ISO 8601.
    failure_reason, failed_step : str or None
        Of the first step that failed.
    pid : int
        The process that ran or runs it.
    metadata, parameters : Mapping
        What the caller noted; the value of every parameter.
    steps : Mapping
        Step name → its record, in the order of the definition.
    directory : Path
        Where everything lies.
    """

    id: str
    pipeline_name: str
    status: str
    start_time: str
    pid: int
    directory: Path
    end_time: str | None = None
    failure_reason: str | None = None
    failed_step: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    steps: Mapping[str, StepRecord] = field(default_factory=dict)

    def write(self) -> None:
        """Write ``execution.json``; the steps are only listed, each has its own file."""
        content = {
            entry.name: getattr(self, entry.name)
            for entry in fields(self)
            if entry.name not in ("directory", "parameters", "steps")
        }
        content |= {"metadata": dict(self.metadata), "steps": list(self.steps)}
        write_json(self.directory / "execution.json", content)

    def write_step(self, step: StepRecord) -> None:
        """Write the record of one step."""
        write_json(self.directory / "steps" / f"{step.name}.json", asdict(step))

    def log_files(self, step: str) -> list[Path]:
        """Return the logs of a step, one for each of its jobs, by name."""
        return sorted((self.directory / "logs" / step).glob("*.log"))


def create_execution(
    home: Path,
    *,
    pipeline_name: str,
    definition: bytes,
    parameters: Mapping[str, object],
    metadata: Mapping[str, str],
    steps: Mapping[str, str],
) -> ExecutionRecord:
    """Make the directory of a new execution; it appears complete, in one step.

    Parameters
    ----------
    home : Path
        The folder that holds ``executions/``.
    steps : Mapping
        Step name → type, in the order of the definition.
    """
    started = now()
    staging = temporary_sibling(home / "executions" / "new")
    records = {name: StepRecord(name, kind) for name, kind in steps.items()}
    while True:
        identifier = new_id()
        record = ExecutionRecord(
            identifier,
            pipeline_name,
            EXECUTING,
            started,
            os.getpid(),
            staging,
            metadata=metadata,
            parameters=parameters,
            steps=records,
        )
        write_bytes(staging / "definition.json", definition)
        write_json(staging / "parameters.json", dict(parameters))
        record.write()
        for step in records.values():
            record.write_step(step)
        target = home / "executions" / identifier
        if not target.exists():
            staging.rename(target)
            return replace(record, directory=target)


def new_id() -> str:
    """Return an identifier that sorts by time: ``YYYYMMDD-HHMMSS-xxxx``, in UTC."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def list_executions(home: Path) -> list[ExecutionRecord]:
    """Return all executions, newest first."""
    return [_read(path) for path in sorted(_directories(home), reverse=True)]


def load_execution(home: Path, identifier: str) -> ExecutionRecord:
    """Return the execution whose identifier is, or alone begins with, the given one.

    Raises
    ------
    ExecutionNotFoundError
        If there is none, or more than one.
    """
    known = sorted(path.name for path in _directories(home))
    matches = [name for name in known if name.startswith(identifier)] if identifier else []
    if len(matches) == 1 or identifier in matches:
        return _read(home / "executions" / (identifier if identifier in matches else matches[0]))
    if matches:
        raise ExecutionNotFoundError(
            f"{identifier} is the beginning of {len(matches)} executions.",
            f"Write more of it: {', '.join(matches[-5:])}.",
        )
    latest = f"The latest is {known[-1]}." if known else "None has been started yet."
    raise ExecutionNotFoundError(f"There is no execution {identifier}.", latest)


def _directories(home: Path) -> list[Path]:
    return [file.parent for file in (home / "executions").glob("[0-9]*/execution.json")]


def _read(directory: Path) -> ExecutionRecord:
    """Read a record; one that a crash cut short is reported as stopped."""
    content = read_json(directory / "execution.json")
    crashed = content["status"] == EXECUTING and not _is_alive(content["pid"])
    if crashed:
        reason = "The process that ran it ended before the execution did."
        content |= {"status": STOPPED, "failure_reason": reason}
    steps = {name: _read_step(directory, name, crashed) for name in content.pop("steps")}
    parameters = read_json(directory / "parameters.json")
    return ExecutionRecord(**content, directory=directory, parameters=parameters, steps=steps)


def _read_step(directory: Path, name: str, crashed: bool) -> StepRecord:
    step = StepRecord(**read_json(directory / "steps" / f"{name}.json"))
    return replace(step, status=STOPPED) if crashed and step.status == EXECUTING else step


def _is_alive(pid: int) -> bool:
    if pid == os.getpid():
        return True
    if sys.platform == "win32":  # there os.kill would end the process instead of asking
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
