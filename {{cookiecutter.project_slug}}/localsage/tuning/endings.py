"""Endings: the rule by which a tuning job ends its trials early, if it asks for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from localsage.files import JsonObject
from localsage.jobs.progress import Rule
from localsage.tuning.early_stopping import StoppingRule
from localsage.tuning.hyperband import Hyperband, read_hyperband
from localsage.tuning.trials import Trial, best_of


@dataclass(frozen=True)
class Endings:
    """Makes the rule of each trial.

    Attributes:
        hyperband: The brackets of the search; None for another strategy.
        early: Whether trials end that fall behind the best.
        maximise: Whether more is better.
    """

    hyperband: Hyperband | None
    early: bool
    maximise: bool

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
        return None if best is None else StoppingRule(best.progress, self.maximise)


def read_endings(config: JsonObject, *, maximise: bool) -> Endings:
    """Return what a `HyperParameterTuningJobConfig` asks for.

    Raises:
        DefinitionError: If that makes no sense.
    """
    hyperband = read_hyperband(config, maximise=maximise)
    return Endings(hyperband, config.get("TrainingJobEarlyStoppingType") == "Auto", maximise)
