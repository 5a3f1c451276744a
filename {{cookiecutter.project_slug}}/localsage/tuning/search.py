"""Search strategies: which hyperparameters the next trial gets, as the strings a job receives."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import optuna
from optuna.study import StudyDirection
from optuna.trial import TrialState

from localsage.errors import DefinitionError
from localsage.files import JsonObject
from localsage.tuning.ranges import Range, read_ranges
from localsage.tuning.warm_start import KnownTrial


@dataclass(frozen=True)
class Suggestion:
    """The hyperparameters of one trial, and its number from 0."""

    number: int
    hyperparameters: dict[str, str]


class Search(Protocol):
    """A strategy: asked for the trials in order, told their results in order.

    Attributes:
        total: How many trials there are.
        learns: Whether a suggestion depends on earlier results.
    """

    total: int
    learns: bool

    def suggest(self) -> Suggestion:
        """Return the next trial."""

    def tell(
        self, suggestion: Suggestion, value: float | None, stopped_after: int | None = None
    ) -> None:
        """Report a trial's objective value.

        Args:
            suggestion: What the trial was asked for.
            value: None means that it failed.
            stopped_after: How many values it had told when it was stopped early.
        """


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


class GridSearch:
    """Every combination of categorical values, the last hyperparameter varying fastest."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        combinations = [
            dict(zip(values, combination, strict=True))
            for combination in itertools.product(*values.values())
        ]
        self.total = len(combinations)
        self.learns = False
        self._suggestions = map(Suggestion, itertools.count(), combinations)

    def suggest(self) -> Suggestion:
        """Return the next trial."""
        return next(self._suggestions)

    def tell(
        self, suggestion: Suggestion, value: float | None, stopped_after: int | None = None
    ) -> None:
        """Learn nothing: a grid is fixed."""


def make_search(config: JsonObject, known: Sequence[KnownTrial] = ()) -> Search:
    """Return the strategy that a `HyperParameterTuningJobConfig` asks for.

    Without `RandomSeed` the seed is 0, so that a local run can be repeated. A search that knows
    earlier trials has a seed of its own: with theirs it would begin with the same trials again.

    Args:
        config: The configuration.
        known: Trials of earlier tuning jobs to build on.

    Raises:
        DefinitionError: For a strategy that there is not or that cannot build on earlier trials,
            for ranges that make no sense, and when all earlier trials lie outside of them.
    """
    strategy = config["Strategy"]
    ranges = config.get("ParameterRanges", {})
    budget = config["ResourceLimits"].get("MaxNumberOfTrainingJobs")
    if strategy == "Grid":
        if known:
            raise DefinitionError("A grid knows its trials beforehand: it takes no warm start.")
        return _grid(ranges, budget)
    if strategy not in ("Bayesian", "Random", "Hyperband"):
        raise DefinitionError(
            f"There is no tuning strategy {strategy}.", "Use Bayesian, Random, Grid or Hyperband."
        )
    seed = int(config.get("RandomSeed", 0)) + len(known)
    sampler: optuna.samplers.BaseSampler
    if strategy == "Bayesian":
        sampler = optuna.samplers.TPESampler(seed=seed)
    else:
        sampler = optuna.samplers.RandomSampler(seed=seed)
    total = positive(budget, "MaxNumberOfTrainingJobs")
    maximise = config["HyperParameterTuningJobObjective"]["Type"] == "Maximize"
    search = OptunaSearch(read_ranges(ranges), total, sampler, maximise=maximise)
    search.learn(known)
    return search


def positive(value: object, name: str) -> int:
    """Return a limit as a number of jobs.

    Raises:
        DefinitionError: If it is not a whole number of 1 or more.
    """
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if number < 1:
        raise DefinitionError(f"{name} must be a whole number of 1 or more, got {value!r}.")
    return number


def _grid(ranges: JsonObject, budget: object) -> GridSearch:
    categorical = ranges.get("CategoricalParameterRanges") or []
    if ranges.get("IntegerParameterRanges") or ranges.get("ContinuousParameterRanges"):
        raise DefinitionError("The Grid strategy takes categorical hyperparameters only.")
    search = GridSearch({entry["Name"]: list(entry["Values"]) for entry in categorical})
    if not categorical or budget not in (None, search.total, str(search.total)):
        raise DefinitionError(
            f"A grid of {search.total} combinations cannot be {budget} training jobs.",
            "Leave MaxNumberOfTrainingJobs out for the Grid strategy.",
        )
    return search
