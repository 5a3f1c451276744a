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

# A mean of one fold says too little.
FEWEST_VALUES = 2
# In the unit of the objective. For an R2, 0.006 behind cost no search its best trial.
TOLERANCE = 0.006


@dataclass(frozen=True)
class StoppingRule:
    """What a trial must keep up with.

    Attributes:
        best: The values of the best trial, one by one.
        maximise: Whether more is better.
        tolerance: How far behind the best it may lie.
    """

    best: Sequence[float]
    maximise: bool
    tolerance: float = TOLERANCE

    def stops_after(self, told: Sequence[float]) -> int | None:
        """Return after how many values the trial fell behind; None if it never did.

        Its last value, which is its result, stops nothing any more.
        """
        for count in range(FEWEST_VALUES, min(len(told), len(self.best) - 1) + 1):
            lead = self.best[count - 1] - told[count - 1]
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
