from __future__ import annotations

import itertools
import math
import statistics
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import FloatDistribution

from sagelocal.errors import DefinitionError
from sagelocal.tuning.ranges import read_ranges
from sagelocal.tuning.searches.strategies import make_search


def config(strategy: str = "Random", trials: int | None = 20, seed: int = 1, **ranges: Any):
    names = {"integer": "Integer", "continuous": "Continuous", "categorical": "Categorical"}
    limits = {"MaxParallelTrainingJobs": 2}
    if trials is not None:
        limits["MaxNumberOfTrainingJobs"] = trials
    return {
        "Strategy": strategy,
        "ResourceLimits": limits,
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "r2"},
        "ParameterRanges": {f"{names[kind]}ParameterRanges": r for kind, r in ranges.items()},
        "RandomSeed": seed,
    }


def between(low: object, high: object, scale: str = "Auto", name: str = "x") -> dict[str, Any]:
    return {"Name": name, "MinValue": str(low), "MaxValue": str(high), "ScalingType": scale}


def samples(number: int = 200, **ranges: Any) -> list[str]:
    search = make_search(config(trials=number, **ranges))
    return [search.suggest().hyperparameters["x"] for _ in range(number)]


def test_integers_are_written_without_a_point_and_reach_both_ends() -> None:
    assert set(samples(integer=[between(3, 6)])) == {"3", "4", "5", "6"}


def test_categories_are_passed_on_exactly_as_written() -> None:
    values = ['"gini"', "null", "0.50", "true"]
    assert set(samples(categorical=[{"Name": "x", "Values": values}])) == set(values)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(1e-6, 0.5), st.floats(1e-6, 0.49),
    st.sampled_from(["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"]),
)  # fmt: skip
def test_numbers_stay_in_their_range_and_read_back_exactly(
    low: float, width: float, scale: str
) -> None:
    for text in samples(20, continuous=[between(low, low + width, scale)]):
        assert low <= float(text) <= low + width
        assert repr(float(text)) == text


def test_rounding_does_not_push_a_reversed_sample_over_an_end_of_its_range() -> None:
    ranges = {"ContinuousParameterRanges": [between(0.1, 0.7, "ReverseLogarithmic")]}
    (entry,) = read_ranges(ranges)
    assert isinstance(entry.distribution, FloatDistribution)
    assert 1 - entry.distribution.high < 0.1
    assert entry.encode(entry.distribution.high) == "0.1"
    assert entry.encode(entry.distribution.low) == "0.7"


def middle(scale: str, low: float, high: float) -> float:
    return statistics.median(map(float, samples(400, continuous=[between(low, high, scale)])))


def test_scaling_decides_where_half_of_the_samples_lie() -> None:
    assert middle("Linear", 0.0001, 0.9999) == pytest.approx(0.5, abs=0.1)
    assert math.log10(middle("Logarithmic", 0.0001, 0.9999)) == pytest.approx(-2, abs=0.4)
    reverse = middle("ReverseLogarithmic", 0.0001, 0.9999)
    assert math.log10(1 - reverse) == pytest.approx(-2, abs=0.4)


def test_a_logarithmic_integer_range_prefers_small_numbers() -> None:
    numbers = list(map(int, samples(400, integer=[between(1, 1000, "Logarithmic")])))
    assert all(1 <= number <= 1000 for number in numbers)
    assert statistics.median(numbers) == pytest.approx(math.sqrt(1000), rel=0.5)


def play(strategy: str, seed: int, trials: int = 25) -> list[dict[str, str]]:
    """Ask and tell one by one; the best x is 0.3."""
    search = make_search(config(strategy, trials, seed, continuous=[between(0, 1)]))
    asked = []
    for _ in range(trials):
        suggestion = search.suggest()
        asked.append(suggestion.hyperparameters)
        search.tell(suggestion, -abs(float(suggestion.hyperparameters["x"]) - 0.3))
    return asked


@pytest.mark.parametrize("strategy", ["Bayesian", "Random"])
def test_the_seed_decides_the_search(strategy: str) -> None:
    assert play(strategy, 1) == play(strategy, 1)
    assert play(strategy, 1) != play(strategy, 2)


def test_the_bayesian_strategy_learns_from_what_it_is_told() -> None:
    late = [float(asked["x"]) for asked in play("Bayesian", 1, 30)[-8:]]
    assert statistics.mean(abs(x - 0.3) for x in late) < 0.15


def test_a_failed_trial_is_told_and_the_search_goes_on() -> None:
    search = make_search(config("Bayesian", 15, continuous=[between(0, 1)]))
    for number in range(15):
        suggestion = search.suggest()
        assert suggestion.number == number
        search.tell(suggestion, None if number % 2 else 0.5)


def test_a_grid_is_every_combination_once_and_needs_no_budget() -> None:
    ranges = [{"Name": "a", "Values": ["1", "2"]}, {"Name": "b", "Values": ["x", "y", "z"]}]
    search = make_search(config("Grid", None, categorical=ranges))
    asked = [search.suggest().hyperparameters for _ in range(search.total)]
    assert asked == [{"a": a, "b": b} for a, b in itertools.product("12", "xyz")]


@pytest.mark.parametrize(
    ("faulty", "message"),
    [
        (config("Bayes", continuous=[between(0, 1)]), "There is no tuning strategy Bayes"),
        (config("Grid", None, continuous=[between(0, 1)]), "categorical hyperparameters only"),
        (config("Grid", 5, categorical=[{"Name": "a", "Values": ["1"]}]), "cannot be 5"),
        (config(trials=0, continuous=[between(0, 1)]), "1 or more, got 0"),
        (config(trials=None, continuous=[between(0, 1)]), "1 or more, got None"),
        (config(), "at least one hyperparameter range"),
        (config(continuous=[between(1, 0)]), "x: the range from 1.0 to 0.0"),
        (config(continuous=[between("a", 1)]), "x: the bounds"),
        (config(continuous=[between("nan", 1)]), "x: the range"),
        (config(continuous=[between(0, "inf")]), "x: the range"),
        (config(integer=[between(0.5, 1)]), "x: the bounds"),
        (config(continuous=[between(0, 1, "Logarithmic")]), "x: a Logarithmic range"),
        (config(integer=[between(0, 9, "Logarithmic")]), "x: the range"),
        (config(integer=[between(0, 9, "ReverseLogarithmic")]), "continuous ranges only"),
        (config(continuous=[between(0, 1, "ReverseLogarithmic")]), "must lie below 1"),
        (config(continuous=[between(-1, 0.5, "ReverseLogarithmic")]), "x: the range"),
        (config(continuous=[between(0, 1, "Cubic")]), "unknown ScalingType 'Cubic'"),
        (config(continuous=[between(0, 1)], integer=[between(0, 1)]), "x has two ranges"),
        (config(categorical=[{"Name": "x", "Values": []}]), "x has no values"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(faulty: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        make_search(faulty)
    assert message in str(caught.value)
