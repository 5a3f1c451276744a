"""The record of an execution: a directory that tells the whole story, readable at any time.

::

    executions/<id>/definition.json    the bytes that were started
                    parameters.json    the value of every parameter
                    execution.json     status, times, failure reason
                    .lock              held by the process that runs it, with its number
                    steps/<Step>.json  status, times, resolved request, response
                    logs/<Step>/<job>.log
                    models/<name>.json what steps of the type Model made
                    trials/<Step>/<job>.json    what came of each trial of a tuning step
                    work/<job>/        trees of jobs that run or failed; work-2/ once resumed
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localsage.executions.locking import hold
from localsage.files import JsonObject, now, temporary_sibling, write_bytes, write_json

EXECUTING, SUCCEEDED, FAILED, STOPPED = "Executing", "Succeeded", "Failed", "Stopped"
# Never written: nobody is left to write it.
INTERRUPTED = "Interrupted"
NOT_EXECUTED = "NotExecuted"
CACHED = "Succeeded (cached)"


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
        cached_from: The execution that did the work, when its result was reused.
        token: What the caller's cache token was, see `LocalSageMaker.start`.
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
    cached_from: str | None = None
    token: str | None = None

    @property
    def shown_status(self) -> str:
        """The status, which for a reused result is `Succeeded (cached)`."""
        return CACHED if self.cached_from else self.status

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
        status: `Executing`, `Succeeded`, `Failed` or `Stopped`; `Interrupted` when the process that
            ran it ended without saying so.
        start_time: UTC, ISO 8601.
        end_time: UTC, ISO 8601.
        failure_reason: Why the first step that failed did.
        failed_step: Its name.
        metadata: What the caller noted.
        parameters: The value of every parameter.
        steps: Step name → its record, in the order of the definition.
        use_cache: Whether steps may take the results of earlier executions.
        selected: The only steps that run; None for all.
        attempts: How often it was started: once, and once for each time it was resumed.
        directory: Where everything lies.
    """

    id: str
    pipeline_name: str
    status: str
    start_time: str
    directory: Path
    end_time: str | None = None
    failure_reason: str | None = None
    failed_step: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    steps: Mapping[str, StepRecord] = field(default_factory=dict)
    use_cache: bool = True
    selected: list[str] | None = None
    attempts: int = 1

    @property
    def work(self) -> Path:
        """Folder of the job trees, another one for each attempt.

        A job that outlived the process that ran it, if only for a moment, writes into its own.
        """
        return self.directory / ("work" if self.attempts == 1 else f"work-{self.attempts}")

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
        """Return the logs of a step, one for each of its jobs, by name.

        Those of a reused result are those of the execution that did the work.
        """
        origin = self.directory.with_name(self.steps[step].cached_from or self.id)
        return sorted((origin / "logs" / step).glob("*.log"))


@contextmanager
def create_execution(
    home: Path,
    *,
    pipeline_name: str,
    definition: bytes,
    parameters: Mapping[str, object],
    metadata: Mapping[str, str],
    steps: Mapping[str, StepRecord],
    use_cache: bool = True,
    selected: list[str] | None = None,
) -> Iterator[ExecutionRecord]:
    """Make the directory of a new execution, and hold its lock for the length of the block.

    The directory appears complete, in one step, and already locked.

    Args:
        home: The folder that holds `executions/`.
        pipeline_name: Name of the pipeline.
        definition: The compiled definition, kept byte for byte.
        parameters: The value of every parameter.
        metadata: What the caller noted.
        steps: Step name → its first record, in the order of the definition.
        use_cache: Whether steps may take the results of earlier executions.
        selected: The only steps that run; None for all.

    Raises:
        OSError: If it cannot be written; then nothing is left of it.
    """
    staging = temporary_sibling(home / "executions" / "new")
    record = ExecutionRecord(
        new_id(),
        pipeline_name,
        EXECUTING,
        now(),
        staging,
        metadata=metadata,
        parameters=parameters,
        steps=steps,
        use_cache=use_cache,
        selected=selected,
    )
    try:
        staging.mkdir(parents=True)
        with hold(staging):
            write_bytes(staging / "definition.json", definition)
            write_json(staging / "parameters.json", dict(parameters))
            for step in steps.values():
                record.write_step(step)
            yield _publish(record, home)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _publish(record: ExecutionRecord, home: Path) -> ExecutionRecord:
    """Move a new execution to where it belongs, under an identifier that nobody else has."""
    while True:
        record.write()
        target = home / "executions" / record.id
        try:
            record.directory.rename(target)
        except OSError:
            if not target.exists():
                raise
            record = replace(record, id=new_id())
        else:
            return replace(record, directory=target)


def new_id() -> str:
    """Return an identifier that sorts by time: `YYYYMMDD-HHMMSS-xxxx`, in UTC.

    Its end is the fraction of the second, so that the latest of several in one second is known.
    """
    moment = datetime.now(UTC)
    return f"{moment:%Y%m%d-%H%M%S}-{moment.microsecond * 0x10000 // 1_000_000:04x}"
