"""Hyperband: trials begin on a small budget, and only the best of each rung go on.

A trial spends one unit with each value of the objective that it reports (a fold, an epoch). At the
rungs of its bracket, *r*, 3 *r*, 9 *r* … units, it goes on if it is among the best third of the
trials of the bracket that are known to have reported so many values. The brackets begin at
`MinResource`, at 3 times that and so on, so that settings that are slow to show what they are worth
get a chance too.

Optuna's pruner compares a trial with whoever has come as far by then. Here it is compared with the
trials that the search knew of when the trial was suggested, which neither the number of cores nor
the speed of this machine changes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject

FACTOR = 3


@dataclass(frozen=True)
class HalvingRule:
    """The values that a trial must reach.

    Attributes:
        rungs: Number of values reported → what its competitors had reported last by then.
        maximise: Whether more is better.
    """

    rungs: dict[int, list[float]]
    maximise: bool

    def stops_after(self, reported: Sequence[float]) -> int | None:
        """Return after how many values the trial was not among the best third; None if never."""
        for count, others in self.rungs.items():
            if count <= len(reported) and not self._goes_on(reported[count - 1], others):
                return count
        return None

    def _goes_on(self, value: float, others: Sequence[float]) -> bool:
        ranked = sorted([*others, value], reverse=self.maximise)
        last = ranked[max(1, len(ranked) // FACTOR) - 1]
        return value >= last if self.maximise else value <= last


@dataclass(frozen=True)
class Hyperband:
    """The brackets of a tuning job.

    Attributes:
        least: How many values every trial may report.
        most: How many a whole trial reports.
        maximise: Whether more is better.
    """

    least: int
    most: int
    maximise: bool

    def rule(self, number: int, known: Sequence[Sequence[float]]) -> HalvingRule:
        """Return what a trial must reach.

        Args:
            number: Its number, from 0.
            known: What the trials 0, 1, … reported that its suggestion knew of.
        """
        bracket = self._bracket(number)
        rivals = [values for other, values in enumerate(known) if self._bracket(other) == bracket]
        return HalvingRule(
            {
                rung: [values[rung - 1] for values in rivals if len(values) >= rung]
                for rung in self._rungs(bracket)
            },
            self.maximise,
        )

    def _rungs(self, bracket: int) -> list[int]:
        """Return after how many values trials of a bracket are compared, but for the last value."""
        steps = (self.least * FACTOR**step for step in itertools.count(bracket))
        return list(itertools.takewhile(lambda rung: rung < self.most, steps))

    def _bracket(self, number: int) -> int:
        """Deal trials to brackets in turn, to each as many as Hyperband begins it with."""
        sizes = self._sizes()
        place = number % sum(sizes)
        for bracket, size in enumerate(sizes):
            if place < size:
                return bracket
            place -= size
        raise AssertionError(number)

    def _sizes(self) -> list[int]:
        last = 0
        while self.least * FACTOR ** (last + 1) <= self.most:
            last += 1
        return [
            math.ceil((last + 1) / (last - bracket + 1) * FACTOR ** (last - bracket))
            for bracket in range(last + 1)
        ]


def read_hyperband(config: JsonObject, *, maximise: bool) -> Hyperband | None:
    """Return the brackets that a `HyperParameterTuningJobConfig` asks for; None if it does not.

    Raises:
        DefinitionError: If the budget makes no sense, or early stopping is asked for as well.
    """
    if config["Strategy"] != "Hyperband":
        return None
    spent = config.get("StrategyConfig", {}).get("HyperbandStrategyConfig", {})
    least, most = int(spent.get("MinResource", 1)), int(spent.get("MaxResource", 0))
    if not 1 <= least <= most:
        raise DefinitionError(
            f"Hyperband needs 1 <= MinResource <= MaxResource, got {least} and {most}."
        )
    if config.get("TrainingJobEarlyStoppingType", "Off") != "Off":
        raise DefinitionError("Hyperband needs TrainingJobEarlyStoppingType Off.")
    return Hyperband(least, most, maximise)
