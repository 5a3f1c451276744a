"""Strategies: the search that a tuning job asks for, as the service calls it."""

from __future__ import annotations

from collections.abc import Sequence

import optuna

from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject
from sagelocal.tuning.ranges import read_ranges
from sagelocal.tuning.searches.sampling import OptunaSearch
from sagelocal.tuning.searches.search import GridSearch, Search
from sagelocal.tuning.warm_start import KnownTrial


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
