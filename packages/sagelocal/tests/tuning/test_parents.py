"""How many parents a warm start may have, and how it may differ from them.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html,
"Restrictions on all warm start tuning jobs".
"""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest

from sagelocal.errors import DefinitionError
from sagelocal.tuning.parents import check_fit, check_warm_start

Json = dict[str, Any]
TYPES = ["TransferLearning", "IdenticalDataAndAlgorithm"]
RANGES = {
    "integer": "IntegerParameterRanges",
    "continuous": "ContinuousParameterRanges",
    "categorical": "CategoricalParameterRanges",
}


def warm_start(*parents: Any, kind: Any = "TransferLearning") -> Json:
    return {"WarmStartType": kind, "ParentHyperParameterTuningJobs": list(parents)}


def named(count: int) -> list[Json]:
    return [{"HyperParameterTuningJobName": f"parent-{number}"} for number in range(count)]


def job(tuned: dict[str, tuple[str, Any]], fixed: dict[str, str], kind: str = TYPES[0]) -> Json:
    """Return a tuning job; tuned is name → type and, of a category, its values."""
    ranges: dict[str, list[Json]] = {}
    for name, (sort, values) in tuned.items():
        ends = {"Values": values} if sort == "categorical" else {"MinValue": "1", "MaxValue": "9"}
        ranges.setdefault(RANGES[sort], []).append({"Name": name, **ends})
    return {
        "HyperParameterTuningJobConfig": {
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "r2"},
            "ParameterRanges": ranges,
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": fixed,
            "AlgorithmSpecification": {"TrainingImage": "image"},
        },
        "WarmStartConfig": warm_start(kind=kind),
    }


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("count", range(9))
def test_there_are_one_to_five_parents(count: int, kind: str) -> None:
    config = warm_start(*named(count), kind=kind)
    if 1 <= count <= 5:
        check_warm_start(config, "Tune")
        return
    with pytest.raises(DefinitionError) as caught:
        check_warm_start(config, "Tune")
    assert str(caught.value).splitlines() == [
        f"Step Tune: a warm start has 1 to 5 parents, got {count}.",
        "Name those that matter most.",
    ]


@pytest.mark.parametrize("kind", ["", "transferlearning", "IDENTICAL_DATA_AND_ALGORITHM", None, 1])
def test_another_type_is_refused(kind: Any) -> None:
    with pytest.raises(DefinitionError) as caught:
        check_warm_start(warm_start(*named(1), kind=kind), "Tune")
    assert str(caught.value).splitlines() == [
        f"Step Tune: there is no WarmStartType {kind}.",
        "Use IdenticalDataAndAlgorithm or TransferLearning.",
    ]


@pytest.mark.parametrize(
    "config",
    [
        "parent",
        ["parent"],
        {"WarmStartType": "TransferLearning"},
        {**warm_start(), "ParentHyperParameterTuningJobs": "parent"},
        {**warm_start(), "ParentHyperParameterTuningJobs": None},
        warm_start("parent"),
        warm_start({"Name": "parent"}),
        warm_start(None),
    ],
    ids=str,
)
def test_what_names_no_parents_is_refused_and_no_traceback(config: Any) -> None:
    with pytest.raises(DefinitionError, match="Step Tune: "):
        check_warm_start(config, "Tune")


@pytest.mark.parametrize(("before", "now"), list(product(RANGES, RANGES)))
def test_the_type_of_a_hyperparameter_never_changes(before: str, now: str) -> None:
    parent = job({"depth": (before, ["1", "2"])}, {})
    child = job({"depth": (now, ["1", "2"])}, {})
    if before == now:
        check_fit("p", parent, child, "Tune")
        return
    with pytest.raises(DefinitionError) as caught:
        check_fit("p", parent, child, "Tune")
    rule = str(caught.value).splitlines()[0]
    assert rule == (
        f"Step Tune: a warm start from p needs depth to be {before}, as it was there, got {now}."
    )


def some_jobs(seed: int) -> tuple[Json, Json, int]:
    """Return a parent, a job that begins with it, and how many changes the guide counts."""
    chance, changes = random.Random(seed), 0
    tuned: tuple[dict[str, Any], dict[str, Any]] = {}, {}
    fixed: tuple[dict[str, str], dict[str, str]] = {}, {}
    for number in range(chance.randint(4, 14)):
        name, kind = f"h{number}", chance.choice(list(RANGES))
        values = ["red", "blue", "green", "grey"][: chance.randint(1, 4)]
        change = chance.choice(
            ["tuned", "now fixed", "now fixed", "fixed", "another value", "now tuned"]
        )
        if change in ("tuned", "now fixed"):
            tuned[0][name] = kind, values
        else:
            fixed[0][name] = "red"
        if change in ("tuned", "now tuned"):
            tuned[1][name] = kind, values
        else:
            fixed[1][name] = "blue" if change == "another value" else "red"
        if change == "now fixed":
            changes += len(values) if kind == "categorical" else 1
        changes += 2 if change == "another value" else 0
    return job(tuned[0], fixed[0]), job(tuned[1], fixed[1]), changes


@pytest.mark.parametrize("seed", range(120))
def test_at_most_ten_changes_of_fixed_values_are_allowed(seed: int) -> None:
    parent, child, changes = some_jobs(seed)
    if changes <= 10:
        check_fit("p", parent, child, "Tune")
        return
    with pytest.raises(DefinitionError) as caught:
        check_fit("p", parent, child, "Tune")
    rule, remedy = str(caught.value).splitlines()
    assert rule.endswith(f"needs at most 10 changes of fixed values, got {changes}.")
    assert remedy


def test_the_random_jobs_hold_both_kinds() -> None:
    counts = [some_jobs(seed)[2] for seed in range(120)]
    assert sum(count > 10 for count in counts) >= 20
    assert 10 in counts
    assert 11 in counts
