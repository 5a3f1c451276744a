"""Early stopping: a trial ends once it is clear that it will not be the best.

The service compares a trial with the median of the running averages of the others. This rule is
another one, measured on folds: a trial that prints its objective as a running value (the mean of
the folds so far) is compared, after each value but the first, with what the best trial had printed
by then. That one was chosen when the trial was suggested, among the trials that the search knew
of, and what counts is what the trial has printed, not when: so the number of cores and the speed
of this machine decide nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sagelocal.errors import SageLocalError
from sagelocal.files import JsonObject
from sagelocal.jobs.metrics import Rule
from sagelocal.tuning.searches.hyperband import Hyperband, read_hyperband
from sagelocal.tuning.trials import Trial, best_of

# A mean of one fold says too little.
FEWEST_VALUES = 2
# In the unit of the objective. For an R2, 0.006 behind cost no search its best trial.
TOLERANCE = 0.006


@dataclass(frozen=True)
class StoppingRule:
    """The values of the best trial, which another must keep up with.

    Attributes:
        best: The values of the best trial, one by one.
        maximise: Whether more is better.
        tolerance: How far behind the best it may lie.
    """

    best: Sequence[float]
    maximise: bool
    tolerance: float = TOLERANCE

    def stops_after(self, reported: Sequence[float]) -> int | None:
        """Return after how many values the trial fell behind; None if it never did.

        Its last value, which is its result, stops nothing any more.
        """
        for count in range(FEWEST_VALUES, min(len(reported), len(self.best) - 1) + 1):
            lead = self.best[count - 1] - reported[count - 1]
            if (lead if self.maximise else -lead) > self.tolerance:
                return count
        return None


def check_tolerance(tolerance: float) -> None:
    """Check that a tolerance is one.

    Raises:
        SageLocalError: If it is negative or no number.
    """
    if not tolerance >= 0:
        raise SageLocalError(
            f"The stopping tolerance must be 0 or more, got {tolerance!r}.",
            "Give it in the unit of the objective, such as 0.006 for an R2.",
        )


@dataclass(frozen=True)
class Endings:
    """Makes the rule of each trial.

    Attributes:
        hyperband: The brackets of the search; None for another strategy.
        early: Whether trials end that fall behind the best.
        maximise: Whether more is better.
        tolerance: How far a trial may lie behind the best.
    """

    hyperband: Hyperband | None
    early: bool
    maximise: bool
    tolerance: float

    @property
    def are_asked_for(self) -> bool:
        """Return whether any trial may end early."""
        return self.early or self.hyperband is not None

    def rule(self, number: int, known: Sequence[Trial]) -> Rule | None:
        """Return what a trial has to keep up with; None if with nothing.

        Args:
            number: Its number, from 0.
            known: The trials that its suggestion knew, by their numbers from 0.
        """
        if self.hyperband is not None:
            return self.hyperband.rule(number, [trial.progress for trial in known])
        best = best_of(known, maximise=self.maximise) if self.early else None
        if best is None:
            return None
        return StoppingRule(best.progress, self.maximise, self.tolerance)


def read_endings(config: JsonObject, *, maximise: bool, tolerance: float) -> Endings:
    """Return what a `HyperParameterTuningJobConfig` asks for.

    Args:
        config: The configuration.
        maximise: Whether more is better.
        tolerance: How far a trial may lie behind the best before early stopping ends it.

    Raises:
        DefinitionError: If that makes no sense.
    """
    hyperband = read_hyperband(config, maximise=maximise)
    early = config.get("TrainingJobEarlyStoppingType") == "Auto"
    return Endings(hyperband, early, maximise, tolerance)
