"""Resuming: what a stopped, failed or killed execution has finished is kept, the rest starts anew.

A trial of a tuning step is finished once its model is in the store and its record below
`trials/` is written. A trial that something outside killed or stopped has no record.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from localsage.errors import DefinitionError, ExecutionStateError
from localsage.executions.artefacts import model_address
from localsage.executions.records import EXECUTING, SUCCEEDED, ExecutionRecord, StepRecord
from localsage.files import JsonObject, read_json, write_json
from localsage.storage.buckets import Storage
from localsage.tuning.trials import Trial

_ASIDE = ".attempt-"


@dataclass(frozen=True)
class TrialJournal:
    """The records of the finished trials of one tuning step.

    Attributes:
        folder: Where they lie; made when first needed.
        storage: Where the models of the trials lie.
    """

    folder: Path
    storage: Storage

    def find(
        self, name: str, hyperparameters: dict[str, str], training: JsonObject
    ) -> Trial | None:
        """Return the trial `name` when it is finished.

        Raises:
            DefinitionError: If the finished trial had other hyperparameters.
        """
        path = self.folder / f"{name}.json"
        if not path.is_file():
            return None
        trial = Trial(**read_json(path))
        if trial.hyperparameters != hyperparameters:
            raise DefinitionError(
                f"Trial {name} ran with {trial.hyperparameters}, and the search now asks for "
                f"{hyperparameters}.",
                "The libraries have changed since: start a new execution.",
            )
        lost = trial.is_complete and not self.storage.exists(model_address(training, name))
        return None if lost else trial

    def note(self, trial: Trial) -> None:
        """Keep a trial that ended by itself, or early for want of success.

        Forget one that was killed, ran out of time or was not started.
        """
        ended = trial.exit_code is not None and trial.exit_code >= 0
        if ended and (trial.status != "Stopped" or trial.value is not None):
            write_json(self.folder / f"{trial.name}.json", asdict(trial))


def trials_folder(record: ExecutionRecord, step: str) -> Path:
    """Return where the records of a tuning step's trials lie."""
    return record.directory / "trials" / step


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
        finished = (trials_folder(record, step) / f"{job}.json").is_file()
        if not finished and _ASIDE not in log.stem:
            log.rename(log.with_name(f"{log.stem}{_ASIDE}{record.attempts}.log"))
