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
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localsage.files import JsonObject, now, temporary_sibling, write_bytes, write_json

EXECUTING, SUCCEEDED, FAILED, STOPPED = "Executing", "Succeeded", "Failed", "Stopped"
NOT_EXECUTED = "NotExecuted"


@dataclass(frozen=True)
class StepRecord:
    """The state of one step.

    Attributes:
        name: The step's name.
        kind: Its type.
        status: `NotExecuted`, `Executing`, `Succeeded`, `Failed` or `Stopped`.
        start_time: UTC, ISO 8601.
        end_time: UTC, ISO 8601.
        arguments: The request with every expression resolved.
        response: The `Describe…` response, with `ExitCode` for jobs.
        outcome: `True` or `False`, for a Condition that was evaluated.
        failure_reason: Why it failed.
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

    Attributes:
        id: Identifier, `YYYYMMDD-HHMMSS-xxxx`.
        pipeline_name: Name of the pipeline.
        status: `Executing`, `Succeeded`, `Failed` or `Stopped`.
        start_time: UTC, ISO 8601.
        end_time: UTC, ISO 8601.
        failure_reason: Why the first step that failed did.
        failed_step: Its name.
        pid: The process that ran or runs it.
        metadata: What the caller noted.
        parameters: The value of every parameter.
        steps: Step name → its record, in the order of the definition.
        directory: Where everything lies.
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
        """Write `execution.json`; the steps are only listed, each has its own file."""
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

    Args:
        home: The folder that holds `executions/`.
        pipeline_name: Name of the pipeline.
        definition: The compiled definition, kept byte for byte.
        parameters: The value of every parameter.
        metadata: What the caller noted.
        steps: Step name → type, in the order of the definition.
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
    """Return an identifier that sorts by time: `YYYYMMDD-HHMMSS-xxxx`, in UTC."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
