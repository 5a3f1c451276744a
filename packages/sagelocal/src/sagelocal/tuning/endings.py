"""Endings: the rule by which a tuning job ends its trials early, if it asks for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sagelocal.files import JsonObject
from sagelocal.jobs.progress import Rule
from sagelocal.tuning.early_stopping import StoppingRule
from sagelocal.tuning.searches.hyperband import Hyperband, read_hyperband
from sagelocal.tuning.trials import Trial, best_of


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
        """Whether any trial may end early."""
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
