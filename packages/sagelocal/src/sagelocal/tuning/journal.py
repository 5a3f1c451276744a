"""The journal of a tuning step: its finished trials, which a resumed execution does not repeat.

A trial is finished once its model is in the store and its record is written. A trial that something
outside killed or stopped has no record.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from sagelocal.errors import DamagedError, DefinitionError
from sagelocal.executions.artefacts import model_address
from sagelocal.files import JsonObject, read_json, write_json
from sagelocal.storage.buckets import Storage
from sagelocal.tuning.trials import Trial


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
        try:
            trial = Trial(**read_json(path))
        except (DamagedError, TypeError):  # it is tried again, and noted again
            return None
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
