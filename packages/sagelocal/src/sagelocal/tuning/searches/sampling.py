"""Searches that sample: Optuna suggests hyperparameters from their ranges."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import optuna
from optuna.study import StudyDirection
from optuna.trial import TrialState

from sagelocal.errors import DefinitionError
from sagelocal.tuning.ranges import Range
from sagelocal.tuning.searches.search import Suggestion
from sagelocal.tuning.warm_start import KnownTrial


class OptunaSearch:
    """Bayesian (TPE) or random search, which is also Hyperband's, in a silent study in memory."""

    def __init__(
        self,
        ranges: list[Range],
        total: int,
        sampler: optuna.samplers.BaseSampler,
        *,
        maximise: bool,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.total = total
        self.learns = not isinstance(sampler, optuna.samplers.RandomSampler)
        self._ranges = ranges
        direction = StudyDirection.MAXIMIZE if maximise else StudyDirection.MINIMIZE
        self._study = optuna.create_study(sampler=sampler, direction=direction)
        self._asked: dict[int, optuna.Trial] = {}
        self._known = 0

    def learn(self, known: Sequence[KnownTrial]) -> None:
        """Begin with what earlier trials found, as far as they lie within the ranges.

        Raises:
            DefinitionError: If none of them does.
        """
        for trial in known:
            with suppress(KeyError, ValueError):  # it lies elsewhere, and teaches nothing here
                self._study.add_trial(self._trial(trial))
                self._known += 1
        if known and not self._known:
            raise DefinitionError(
                "A warm start needs earlier trials within the ranges, and all lie outside.",
                "Widen the ranges, or drop the warm start.",
            )

    def _trial(self, known: KnownTrial) -> optuna.trial.FrozenTrial:
        """Return an earlier trial as one of this study."""
        params = {e.name: e.decode(known.hyperparameters[e.name]) for e in self._ranges}
        distributions = {entry.name: entry.distribution for entry in self._ranges}
        return optuna.trial.create_trial(
            params=params, distributions=distributions, value=known.value
        )

    def suggest(self) -> Suggestion:
        """Return the next trial."""
        trial = self._study.ask({entry.name: entry.distribution for entry in self._ranges})
        number = trial.number - self._known
        self._asked[number] = trial
        encoded = {entry.name: entry.encode(trial.params[entry.name]) for entry in self._ranges}
        return Suggestion(number, encoded)

    def tell(
        self, suggestion: Suggestion, value: float | None, stopped_after: int | None = None
    ) -> None:
        """Report a trial's objective value, see `Search.tell`."""
        trial = self._asked.pop(suggestion.number)
        if value is None:
            self._study.tell(trial, state=TrialState.FAIL)
        elif stopped_after is None:
            self._study.tell(trial, value)
        else:  # Optuna takes the last value that was reported as the trial's
            trial.report(value, stopped_after)
            self._study.tell(trial, state=TrialState.PRUNED)
