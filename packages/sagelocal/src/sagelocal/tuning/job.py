"""Automatic Model Tuning: trials in parallel, with a result that parallelism cannot change.

Trial *n* is suggested once the trials up to *n - MaxParallelTrainingJobs* have been reported to the
search, in the order of their numbers, and nothing else has. So what a trial gets depends on the
definition alone: not on the number of cores, nor on which trial happened to finish first. A search
that learns nothing (random, grid) waits for any trial to end instead, since all of them are fixed.

With `TrainingJobEarlyStoppingType` `Auto` a trial ends when it is worse than the median of those
that were known when it was suggested, see `early_stopping`; with the strategy Hyperband when it is
not among the best third of these, see `hyperband`. It cannot be the best trial. A search that has
seen enough ends before its last trial, see `completion`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from sagelocal.files import JsonObject
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.metrics import Rule
from sagelocal.tuning.completion import read_clock, read_completion
from sagelocal.tuning.early_stopping import read_endings
from sagelocal.tuning.journal import TrialJournal
from sagelocal.tuning.preparation import discard_shared
from sagelocal.tuning.searches.search import Search, Suggestion
from sagelocal.tuning.searches.strategies import make_search, positive
from sagelocal.tuning.trial_runs import TrialRunner
from sagelocal.tuning.trials import (
    Trial,
    overall_best,
    tuning_response,
)
from sagelocal.tuning.warm_start import WarmStart

_COLD = WarmStart()
TrialListener = Callable[[int, int, float | None, float | None], None]


def run_tuning_job(  # noqa: PLR0913 - a search has that much around it
    request: JsonObject,
    *,
    name: str,
    step: str,
    machine: Machine,
    trial_finished: TrialListener,
    journal: TrialJournal | None = None,
    warm_start: WarmStart = _COLD,
    stopping_tolerance: float = 0.0,
    trial_started: Callable[[int, int], None] = lambda _number, _total: None,
) -> JsonObject:
    """Run one job and return what `DescribeHyperParameterTuningJob` would.

    `TrainingJobSummaries` (all trials, the best first) comes on top, and `ExitCode` and
    `FailureReason` of the first trial when all of them failed.

    Args:
        request: A `CreateHyperParameterTuningJob` request without expressions.
        name: Name of the job.
        step: Name of the step, for messages.
        machine: What the jobs of the execution share.
        trial_finished: Called with the trial's number from 1, the number of trials, its objective
            value and the best so far; from any thread, one call at a time.
        journal: The trials that an earlier attempt has finished, which are not run again.
        warm_start: What earlier tuning jobs found.
        stopping_tolerance: How much worse than the median a trial may be, see `early_stopping`.
        trial_started: Called with a trial's number from 1 and the number of trials once it has a
            slot; from any thread.

    Raises:
        DefinitionError: If the request asks for something that this back-end does not do.
        StoppedError: If the execution was stopped.
    """
    search = make_search(request["HyperParameterTuningJobConfig"], warm_start.trials)
    with machine.launcher.for_trials(step) as launcher:
        trial_machine = replace(machine, launcher=launcher, slots=machine.slots.for_trials())
        tuner = _Tuner(
            *(request, name, step, trial_machine, search, trial_finished, journal, trial_started),
            stopping_tolerance=stopping_tolerance,
        )
        try:
            trials = tuner.run()
        finally:
            discard_shared(name, machine)
    response = tuning_response(request, name, trials, tuner.metric, maximise=tuner.maximise)
    idle = {"NumberOfTrainingJobsObjectiveNotImproving": tuner.completion.idle(trials)}
    overall = overall_best(response, warm_start.best, maximise=tuner.maximise)
    return {**response, **overall, "TuningJobCompletionDetails": idle}


@dataclass
class _Tuner:
    request: JsonObject
    name: str
    step: str
    machine: Machine
    search: Search
    trial_finished: TrialListener
    journal: TrialJournal | None
    trial_started: Callable[[int, int], None]
    stopping_tolerance: float
    best: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        config = self.request["HyperParameterTuningJobConfig"]
        limit = config["ResourceLimits"]["MaxParallelTrainingJobs"]
        self.parallel = positive(limit, "MaxParallelTrainingJobs")
        self.metric: str = config["HyperParameterTuningJobObjective"]["MetricName"]
        self.maximise = config["HyperParameterTuningJobObjective"]["Type"] == "Maximize"
        self.endings = read_endings(
            config, maximise=self.maximise, tolerance=self.stopping_tolerance
        )
        self.completion = read_completion(config, maximise=self.maximise)
        self.clock = read_clock(config)
        self.runner = TrialRunner(
            *(self.request["TrainingJobDefinition"], self.metric, self.name, self.step),
            *(self.machine, self.clock, self.journal),
            started=lambda number: self.trial_started(number, self.search.total),
        )

    def run(self) -> list[Trial]:
        """Run all trials; see the module's first paragraph for the order of things."""
        in_order = self._decides_in_order
        pending: list[tuple[Suggestion, Future[Trial]]] = []
        finished: list[Trial] = []
        # So many that one always waits for a slot, even while others store what they found: else a
        # search that should go first leaves its slots to another one.
        threads = min(self.parallel, 2 * self.machine.slots.count)
        with ThreadPoolExecutor(threads, thread_name_prefix=self.step) as pool:
            for _ in range(self.search.total):
                if not in_order:
                    _wait_for_any(pending, self.parallel)
                elif len(pending) == self.parallel:
                    finished.append(self._tell(*pending.pop(0)))
                if self.completion.is_reached(finished) or self.clock.is_over:
                    break
                suggestion = self.search.suggest()
                rule = self.endings.rule(suggestion.number, finished)
                pending.append((suggestion, pool.submit(self._run_trial, suggestion, rule)))
            finished += [self._tell(*entry) for entry in pending]
        return finished

    @property
    def _decides_in_order(self) -> bool:
        """Return whether anything about a trial depends on those before it."""
        ends = self.endings.are_asked_for or self.completion.is_asked_for
        return self.search.learns or ends

    def _tell(self, suggestion: Suggestion, future: Future[Trial]) -> Trial:
        trial = future.result()
        stopped_early = trial.status == "Stopped" and trial.value is not None
        stopped_after = len(trial.progress) if stopped_early else None
        self.search.tell(suggestion, trial.value, stopped_after)
        return trial

    def _run_trial(self, suggestion: Suggestion, rule: Rule | None) -> Trial:
        trial = self.runner.run(suggestion, rule)
        self._announce(trial)
        return trial

    def _announce(self, trial: Trial) -> None:
        with self.lock:
            scores = self.best, trial.value if trial.is_complete else None
            values = [value for value in scores if value is not None]
            if values:
                self.best = max(values) if self.maximise else min(values)
            self.trial_finished(trial.number + 1, self.search.total, trial.value, self.best)


def _wait_for_any(pending: list[tuple[Suggestion, Future[Trial]]], parallel: int) -> None:
    """Wait until fewer than `parallel` trials run; what went wrong with one is raised."""
    running = [future for _, future in pending if not future.done()]
    if len(running) == parallel:
        wait(running, return_when=FIRST_COMPLETED)
    for _, future in pending:
        if future.done():
            future.result()
