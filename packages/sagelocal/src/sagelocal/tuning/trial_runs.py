"""Runs of trials: once, or not at all if an earlier attempt finished them."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sagelocal.errors import StorageError
from sagelocal.files import JsonObject
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.metrics import Rule
from sagelocal.jobs.training import run_training_job
from sagelocal.tuning.completion import Clock, TimeIsOverError
from sagelocal.tuning.journal import TrialJournal
from sagelocal.tuning.preparation import prepare_trials
from sagelocal.tuning.searches.search import Suggestion
from sagelocal.tuning.trials import Trial, training_request, trial_of


@dataclass
class TrialRunner:
    """Runs the trials of one tuning job, from any thread.

    Attributes:
        training: The `TrainingJobDefinition`, without expressions.
        metric: The objective.
        name: Name of the tuning job.
        step: Name of the step, for messages.
        machine: What the trials share.
        clock: The time that is left for all of them.
        journal: The trials that an earlier attempt has finished, which are not run again.
        started: Called with a trial's number from 1 once it has a slot.
    """

    training: JsonObject
    metric: str
    name: str
    step: str
    machine: Machine
    clock: Clock
    journal: TrialJournal | None
    started: Callable[[int], None]
    _preparing: threading.Lock = field(default_factory=threading.Lock)
    _prepared: bool = False

    def run(self, suggestion: Suggestion, rule: Rule | None) -> Trial:
        """Run a trial to its end.

        Args:
            suggestion: What the search asks for.
            rule: Ends the trial when it falls behind.

        Raises:
            DefinitionError: If the request asks for something that this back-end does not do.
            StoppedError: If the execution was stopped.
        """
        name = f"{self.name}-{suggestion.number + 1:03d}"
        return self._finished(suggestion, name) or self._execute(suggestion, name, rule)

    def _finished(self, suggestion: Suggestion, name: str) -> Trial | None:
        """Return the trial if an earlier attempt has finished it."""
        if self.journal is None:
            return None
        return self.journal.find(name, suggestion.hyperparameters, self.training)

    def _execute(self, suggestion: Suggestion, name: str, rule: Rule | None) -> Trial:
        started = time.monotonic()
        tuned = suggestion.hyperparameters
        try:
            self._prepare()
            response = self._train(suggestion, name, rule)
        except TimeIsOverError as error:
            shutil.rmtree(self.machine.work / name, ignore_errors=True)  # nothing is in it
            return Trial(suggestion.number, name, tuned, "Stopped", None, 0.0, str(error))
        except StorageError as error:
            seconds = time.monotonic() - started
            return Trial(suggestion.number, name, tuned, "Failed", None, seconds, str(error))
        trial = trial_of(response, suggestion.number, tuned, self.metric)
        if self.journal is not None:
            self.journal.note(trial)
        return trial

    def _prepare(self) -> None:
        """Do what the trials share before the first that runs; the others wait for it."""
        with self._preparing:
            if not self._prepared:
                prepare_trials(self.training, name=self.name, step=self.step, machine=self.machine)
                self._prepared = True

    def _train(self, suggestion: Suggestion, name: str, rule: Rule | None) -> JsonObject:
        return run_training_job(
            training_request(self.training, name, suggestion.hyperparameters, self.metric),
            name=name,
            step=self.step,
            machine=self.machine,
            objective=self.metric,
            rule=rule,
            limit=lambda request: self._begin(suggestion.number, request),
        )

    def _begin(self, number: int, request: JsonObject) -> JsonObject:
        limited = self.clock.limit(request)
        self.started(number + 1)
        return limited
