"""Early stopping: a trial ends once it is clear that it will not be the best.

The service's rule is its own secret; this one was measured on folds. A trial that tells its
objective as a running value (the mean of the folds so far) is compared, after each value but the
first, with what the best trial had told by then. It was chosen when the trial was suggested, among
the trials that the search knew of, and what counts is what the trial has told, not when it was
told: so the number of cores and the speed of this machine decide nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# A mean of one fold says too little; 0.006 below, in R2, cost no search its best trial.
FEWEST_VALUES = 2
TOLERANCE = 0.006


@dataclass(frozen=True)
class StoppingRule:
    """What a trial must keep up with.

    Attributes:
        best: What the best trial told, value by value.
        maximise: Whether more is better.
    """

    best: Sequence[float]
    maximise: bool

    def stops_after(self, told: Sequence[float]) -> int | None:
        """Return after how many values the trial fell behind; None if it never did.

        Its last value, which is its result, stops nothing any more.
        """
        for count in range(FEWEST_VALUES, min(len(told), len(self.best) - 1) + 1):
            lead = self.best[count - 1] - told[count - 1]
            if (lead if self.maximise else -lead) > TOLERANCE:
                return count
        return None
