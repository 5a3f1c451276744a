"""Completion: when a tuning job has seen enough before its trials are used up.

The criteria look at the trials in the order of their numbers, as the search does, and are asked
before the next trial is suggested. Trials that were suggested by then come to their end. So what
is tried depends neither on the number of cores nor on which trial finished first.

An improvement is one of at least 1 % of the best value, whatever its sign, its size and its
direction are: so says the API of `MaxNumberOfTrainingJobsNotImproving`, without a word about
values near 0. A best of exactly 0 is improved by any value that is better.

Only the longest run time of the whole job, `MaxRuntimeInSeconds`, is a matter of this machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sagelocal.files import JsonObject
from sagelocal.tuning.trials import Trial

# What the service calls an improvement of the best value.
IMPROVEMENT = 0.01
# The service does not say when it takes a search for converged, but that improvements of less than
# one per cent are none. So many trials in a row without one count here.
CONVERGED_AFTER = 10


@dataclass(frozen=True)
class Completion:
    """When a tuning job ends early.

    Attributes:
        target: A value of the objective that is good enough; None for none.
        patience: After how many trials in a row that did not improve the best; None for never.
        maximise: Whether more is better.
    """

    target: float | None
    patience: int | None
    maximise: bool

    @property
    def is_asked_for(self) -> bool:
        """Return whether there is any criterion."""
        return self.target is not None or self.patience is not None

    def is_reached(self, trials: Sequence[Trial]) -> bool:
        """Return whether the trials, in the order of their numbers, are enough."""
        values = [value for value in map(_value, trials) if value is not None]
        target = self.target
        if target is not None and any(self._better(value, target) == value for value in values):
            return True
        return self.patience is not None and self.idle(trials) >= self.patience

    def idle(self, trials: Sequence[Trial]) -> int:
        """Return how many of the last trials in a row improved the best by less than a hundredth.

        A trial that did not come to its end improves nothing.
        """
        best: float | None = None
        count = 0
        for value in map(_value, trials):
            count = 0 if self._improves(value, best) else count + 1
            if value is not None:
                best = value if best is None else self._better(value, best)
        return count

    def _improves(self, value: float | None, best: float | None) -> bool:
        if value is None or best is None:
            return value is not None
        gain = value - best if self.maximise else best - value
        return gain > 0 and gain >= IMPROVEMENT * abs(best)  # of a best of 0, 1 % is nothing

    def _better(self, value: float, best: float) -> float:
        return max(value, best) if self.maximise else min(value, best)


class TimeIsOverError(Exception):
    """A trial cannot begin any more."""


class Clock:
    """The run time of a tuning job that is left.

    Args:
        seconds: All of it; None for no limit.
    """

    def __init__(self, seconds: float | None) -> None:
        self._end = math.inf if seconds is None else time.monotonic() + seconds
        self._seconds = seconds

    @property
    def is_over(self) -> bool:
        """Return whether nothing is left."""
        return time.monotonic() >= self._end

    def limit(self, training: JsonObject) -> JsonObject:
        """Return the request of a trial that begins now: it may not run longer than what is left.

        Raises:
            TimeIsOverError: Nothing is left.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            reason = f"MaxRuntimeExceeded: the tuning job was stopped after {self._seconds:g} s."
            raise TimeIsOverError(reason)
        condition = dict(training.get("StoppingCondition", {}))
        allowed = float(condition.get("MaxRuntimeInSeconds", math.inf))
        if left >= allowed:
            return training
        return {**training, "StoppingCondition": {**condition, "MaxRuntimeInSeconds": left}}


def read_completion(config: JsonObject, *, maximise: bool) -> Completion:
    """Return the criteria of a `HyperParameterTuningJobConfig`."""
    criteria = config.get("TuningJobCompletionCriteria", {})
    target = criteria.get("TargetObjectiveMetricValue")
    idle = criteria.get("BestObjectiveNotImproving", {}).get("MaxNumberOfTrainingJobsNotImproving")
    limits = [] if idle is None else [int(idle)]
    if criteria.get("ConvergenceDetected", {}).get("CompleteOnConvergence") == "Enabled":
        limits.append(CONVERGED_AFTER)
    return Completion(
        None if target is None else float(target), min(limits, default=None), maximise
    )


def read_clock(config: JsonObject) -> Clock:
    """Start the clock of a `HyperParameterTuningJobConfig`."""
    seconds = config["ResourceLimits"].get("MaxRuntimeInSeconds")
    return Clock(None if seconds is None else float(seconds))


def _value(trial: Trial) -> float | None:
    return trial.value if trial.is_complete else None
