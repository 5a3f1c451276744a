"""Early stopping: a trial ends once it is worse than the median of what others were by then.

The rule is the service's own
(https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html): after
each value of the objective that a trial reports (an epoch, a fold), the running average of every
previous trial up to the same value is taken, and the trial is stopped if its value is worse than
the median of these averages. A trial that was stopped itself counts with the values it has.

Two things the service leaves open are fixed here, so that neither the number of cores nor the speed
of this machine decides anything. Previous trials are those that the search knew when it suggested
this one. And a trial that has reported as many values as the longest whole one has come to its end:
its last value, which is its result, stops nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from statistics import median

from sagelocal.errors import SageLocalError
from sagelocal.files import JsonObject
from sagelocal.jobs.metrics import Rule
from sagelocal.tuning.searches.hyperband import Hyperband, read_hyperband
from sagelocal.tuning.trials import Trial


@dataclass(frozen=True)
class StoppingRule:
    """What another trial must keep up with.

    Attributes:
        medians: The median of the running averages after the first value, the second and so on.
        maximise: Whether more is better.
        tolerance: How much worse than that a trial may be, in the objective's own unit; on the
            service it is 0, whatever that unit is.
    """

    medians: Sequence[float]
    maximise: bool
    tolerance: float = 0.0

    def stops_after(self, reported: Sequence[float]) -> int | None:
        """Return after how many values the trial fell behind; None if it never did."""
        for count, (middle, value) in enumerate(zip(self.medians, reported, strict=False), start=1):
            lead = middle - value if self.maximise else value - middle
            if lead > self.tolerance:
                return count
        return None


def medians_of(known: Iterable[Trial]) -> list[float]:
    """Return the median of the trials' running averages, after each value but the last.

    Args:
        known: The trials; those that failed count for nothing.
    """
    ended = [trial for trial in known if trial.progress and trial.status != "Failed"]
    whole = max((len(trial.progress) for trial in ended if trial.is_complete), default=0)
    averages = [_running_averages(trial.progress) for trial in ended]
    return [
        float(median(values[min(count, len(values) - 1)] for values in averages))
        for count in range(whole - 1)
    ]


def _running_averages(values: Sequence[float]) -> list[Fraction]:
    """Return the exact means of the first value, the first two and so on.

    Rounded ones would stop a trial that is as good as all others.
    """
    sums = accumulate(map(Fraction, values))
    return [total / count for count, total in enumerate(sums, start=1)]


def check_tolerance(tolerance: float) -> None:
    """Check that a tolerance is one.

    Raises:
        SageLocalError: If it is negative or no number.
    """
    if not tolerance >= 0:
        raise SageLocalError(
            f"The stopping tolerance must be 0 or more, got {tolerance!r}.",
            "Give it in the objective's own unit: 0.006 for an R2, 500 for an error in dollars.",
        )


@dataclass(frozen=True)
class Endings:
    """Makes the rule of each trial.

    Attributes:
        hyperband: The brackets of the search; None for another strategy.
        early: Whether trials end that fall behind.
        maximise: Whether more is better.
        tolerance: How much worse than the median a trial may be.
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
        medians = medians_of(known) if self.early else []
        return StoppingRule(medians, self.maximise, self.tolerance) if medians else None


def read_endings(config: JsonObject, *, maximise: bool, tolerance: float) -> Endings:
    """Return what a `HyperParameterTuningJobConfig` asks for.

    Args:
        config: The configuration.
        maximise: Whether more is better.
        tolerance: How much worse than the median a trial may be before early stopping ends it.

    Raises:
        DefinitionError: If that makes no sense.
    """
    hyperband = read_hyperband(config, maximise=maximise)
    early = config.get("TrainingJobEarlyStoppingType") == "Auto"
    return Endings(hyperband, early, maximise, tolerance)
