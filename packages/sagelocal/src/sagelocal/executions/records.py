"""The record of an execution: a directory with all that happened, readable at any time.

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

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from sagelocal.files import JsonObject, damaged, read_file, require_there, write_json

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

    @property
    def trials(self) -> Path:
        """Folder of the records of finished trials, with one folder for each tuning step."""
        return self.directory / "trials"

    @property
    def variables(self) -> dict[str, str]:
        """The execution variables, fixed for the length of the execution."""
        arn = f"arn:aws:sagemaker:local:000000000000:pipeline/{self.pipeline_name}"
        return {
            "PipelineExecutionId": self.id,
            "PipelineExecutionArn": f"{arn}/execution/{self.id}",
            "PipelineName": self.pipeline_name,
            "PipelineArn": arn,
            "StartDateTime": self.start_time,
            "CurrentDateTime": self.start_time,
        }

    def definition(self) -> bytes:
        """Return the bytes that were started.

        Raises:
            DamagedError: If they cannot be read any more.
        """
        path = self.directory / "definition.json"
        try:
            return read_file(path, self.directory)
        except FileNotFoundError as error:
            raise damaged(path, "it is missing", self.directory) from error

    def write(self) -> None:
        """Write `execution.json`; the steps are only listed, each has its own file.

        Raises:
            ExecutionStateError: If the directory is not there any more.
        """
        require_there(self.directory)
        content = {
            entry.name: getattr(self, entry.name)
            for entry in fields(self)
            if entry.name not in ("directory", "parameters", "steps")
        }
        content |= {"metadata": dict(self.metadata), "steps": list(self.steps)}
        write_json(self.directory / "execution.json", content)

    def write_step(self, step: StepRecord) -> None:
        """Write the record of one step.

        Raises:
            ExecutionStateError: If the directory is not there any more.
        """
        require_there(self.directory)
        write_json(self.directory / "steps" / f"{step.name}.json", asdict(step))

    def log_files(self, step: str) -> list[Path]:
        """Return the logs of a step, one for each of its jobs, by name.

        Those of a reused result are those of the execution that did the work.
        """
        origin = self.directory.with_name(self.steps[step].cached_from or self.id)
        return sorted((origin / "logs" / step).glob("*.log"))
