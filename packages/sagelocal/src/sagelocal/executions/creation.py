"""The beginning of an execution: a new one, or one that goes on.

The directory of a new execution appears complete, in one step, and locked. What a stopped, failed
or killed execution has finished is kept, and the rest starts anew; a trial of a tuning step is
finished once its record below `trials/` is written, see `sagelocal.tuning.journal`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sagelocal.errors import ExecutionStateError
from sagelocal.executions.locking import hold
from sagelocal.executions.records import EXECUTING, SUCCEEDED, ExecutionRecord, StepRecord
from sagelocal.files import now, temporary_sibling, write_bytes, write_json

_ASIDE = ".attempt-"


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
            write_bytes(staging / "definition.json", definition, durable=True)
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


def reopen(record: ExecutionRecord) -> ExecutionRecord:
    """Return the record of an execution about to go on in this process, written to disk.

    Whoever calls this holds the execution's lock.

    Raises:
        ExecutionStateError: If it has succeeded.
    """
    if record.status == SUCCEEDED:
        raise ExecutionStateError(
            f"Execution {record.id} has succeeded: there is nothing left to resume.",
            "Start a new one.",
        )
    unfinished = [step for step in record.steps.values() if step.status != SUCCEEDED]
    fresh = {step.name: StepRecord(step.name, step.kind) for step in unfinished}
    reopened = replace(
        record,
        status=EXECUTING,
        end_time=None,
        failure_reason=None,
        failed_step=None,
        attempts=record.attempts + 1,
        steps={**record.steps, **fresh},
    )
    reopened.write()
    for name, step in fresh.items():
        reopened.write_step(step)
        _set_logs_aside(record, name)
    return reopened


def _set_logs_aside(record: ExecutionRecord, step: str) -> None:
    """Rename the logs of unfinished jobs: metrics are read from a log that has one writer."""
    for log in record.log_files(step):
        job = log.name.partition(".")[0]  # what follows is a host of it, or an earlier attempt
        finished = (record.trials / step / f"{job}.json").is_file()
        if not finished and _ASIDE not in log.stem:
            log.rename(log.with_name(f"{log.stem}{_ASIDE}{record.attempts}.log"))
