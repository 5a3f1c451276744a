"""Resuming: what a stopped, failed or killed execution has finished is kept, the rest starts anew.

A trial of a tuning step is finished once its record below `trials/` is written, see
`sagelocal.tuning.journal`.
"""

from __future__ import annotations

from dataclasses import replace

from sagelocal.errors import ExecutionStateError
from sagelocal.executions.records import EXECUTING, SUCCEEDED, ExecutionRecord, StepRecord

_ASIDE = ".attempt-"


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
