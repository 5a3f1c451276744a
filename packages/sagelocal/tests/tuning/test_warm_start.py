"""A search begins with what earlier tuning jobs of this machine found."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
from searches import in_turn

from sagelocal import LocalSageMaker
from sagelocal.errors import DefinitionError
from sagelocal.tuning.ranges import read_ranges
from sagelocal.tuning.searches.strategies import make_search
from sagelocal.tuning.warm_start import KnownTrial

CODE = (
    "import sys\n"
    "x = float(sys.argv[sys.argv.index('-x') + 1])\n"
    "print(f'cv:r2={1 - abs(x - 0.4)};')\n"
)
Json = dict[str, Any]
VALUE = "FinalHyperParameterTuningJobObjectiveMetric"


def step(request: Json, *parents: Any, kind: str = "TransferLearning") -> Json:
    """Return a tuning step; parents are names of executions."""
    if parents:
        names = [{"HyperParameterTuningJobName": name} for name in parents]
        config = {"ParentHyperParameterTuningJobs": names, "WarmStartType": kind}
        request = {**request, "WarmStartConfig": config}
    return {"Name": "Tune", "Type": "Tuning", "Arguments": request}


@pytest.fixture
def search(start, build, sagemaker: LocalSageMaker):
    """Run a pipeline of one tuning step; return its record."""
    build.put_code(sagemaker.storage, fit=CODE)

    def run(*parents: str, request: Json | None = None, **options: Any):
        request = request or build.tuning_request(4, 2, strategy="Bayesian")
        return start(step(request, *parents, **options))

    return run


def tried(record) -> list[tuple[str, float]]:
    found = in_turn(record.steps["Tune"].response)
    return [
        (
            trial["TunedHyperParameters"]["x"],
            trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"],
        )
        for trial in found
    ]


def replay(earlier: list[tuple[str, float]], seed: int) -> list[float]:
    """Ask Optuna itself: a study that knows the earlier trials, asked two at a time."""
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    for x, value in earlier:
        study.add_trial(
            optuna.trial.create_trial(params={"x": float(x)}, distributions=space, value=value)
        )
    asked: list[optuna.Trial] = []
    for number in range(4):
        if number >= 2:
            first = asked[number - 2]
            study.tell(first, 1 - abs(first.params["x"] - 0.4))
        asked.append(study.ask(space))
    return [trial.params["x"] for trial in asked]


def test_a_search_is_told_the_trials_of_its_parents_before_it_begins(search) -> None:
    first, second = search(), search(request=None)
    child = search(first.id, second.id)
    assert child.status == "Succeeded", child.failure_reason
    earlier = tried(first) + tried(second)
    assert [float(x) for x, _ in tried(child)] == replay(earlier, seed=7 + len(earlier))
    names = [trial["TrainingJobName"][-4:] for trial in in_turn(child.steps["Tune"].response)]
    assert names == ["-001", "-002", "-003", "-004"]


def test_a_warm_start_does_not_try_the_trials_of_its_parent_again(search) -> None:
    parent = search()
    child = search(parent.id)
    assert not {x for x, _ in tried(parent)} & {x for x, _ in tried(child)}


def test_the_best_of_all_counts_when_data_and_algorithm_are_the_same(search, build) -> None:
    parent = search(request=build.tuning_request(8, 2))
    child = search(parent.id, request=build.tuning_request(1, 1), kind="IdenticalDataAndAlgorithm")
    response = child.steps["Tune"].response
    best = max([*tried(parent), *tried(child)], key=lambda entry: entry[1])
    overall = response["OverallBestTrainingJob"]
    assert overall["TunedHyperParameters"]["x"] == best[0]
    assert response["BestTrainingJob"]["TunedHyperParameters"]["x"] == tried(child)[0][0]
    assert "OverallBestTrainingJob" not in parent.steps["Tune"].response


def test_a_parent_that_does_not_exist_is_refused_before_anything_runs(
    search, sagemaker: LocalSageMaker
) -> None:
    with pytest.raises(DefinitionError) as caught:
        search("20200101-000000-abcd")
    rule, remedy = str(caught.value).splitlines()
    start = "Step Tune: a warm start needs earlier executions. "
    assert rule == f"{start}There is no execution 20200101-000000-abcd."
    assert remedy == "None has been started yet."
    assert sagemaker.executions() == []


def test_a_parent_may_be_an_earlier_step_of_the_same_pipeline(
    start, build, sagemaker: LocalSageMaker
) -> None:
    """As AWS's own notebook about tuning steps names it."""
    build.put_code(sagemaker.storage, fit=CODE)
    request = build.tuning_request(4, 2, strategy="Bayesian")
    first = {"Name": "First", "Type": "Tuning", "Arguments": request}
    second = step(request, {"Get": "Steps.First.HyperParameterTuningJobName"})
    record = start(first, second)
    assert record.status == "Succeeded", record.failure_reason
    earlier = [
        (one["TunedHyperParameters"]["x"], one[VALUE]["Value"])
        for one in in_turn(record.steps["First"].response)
    ]
    assert [float(x) for x, _ in tried(record)] == replay(earlier, seed=7 + len(earlier))
    named = record.steps["First"].response["HyperParameterTuningJobName"]
    other = start(step(request, named))
    assert [x for x, _ in tried(other)] == [x for x, _ in tried(record)], "by the job's name"


def test_too_many_parents_are_refused_before_anything_runs(search, sagemaker) -> None:
    with pytest.raises(DefinitionError, match="may be at most 5 entries, got 6"):
        search(*"abcdef")
    assert sagemaker.executions() == []


def test_a_parent_without_the_step_is_refused(search, start, build) -> None:
    other = start(build.processing("Other"))
    with pytest.raises(DefinitionError, match="needs that this step succeeded there"):
        search(other.id)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda request: request["TrainingJobDefinition"]["StaticHyperParameters"].update(y="1"),
            "the same hyperparameters, fixed or tuned, and y is not in both",
        ),
        (
            lambda request: request["HyperParameterTuningJobConfig"][
                "HyperParameterTuningJobObjective"
            ].update(Type="Minimize"),
            "the same objective, which is Minimize cv:r2, got Maximize cv:r2.",
        ),
        (
            lambda request: request["TrainingJobDefinition"]["AlgorithmSpecification"].update(
                TrainingImage="other"
            ),
            "the same image for IdenticalDataAndAlgorithm, got image",
        ),
        (
            lambda request: request["HyperParameterTuningJobConfig"]["ParameterRanges"].update(
                ContinuousParameterRanges=[{"Name": "x", "MinValue": "2", "MaxValue": "3"}]
            ),
            "needs earlier trials within the ranges, and all lie outside",
        ),
    ],
)
def test_a_parent_that_does_not_fit_fails_the_step(search, build, change, message) -> None:
    parent = search()
    request = build.tuning_request(2, 1, strategy="Bayesian")
    change(request)
    child = search(parent.id, request=request, kind="IdenticalDataAndAlgorithm")
    assert child.status == "Failed"
    assert message in (child.failure_reason or "")


def config(strategy: str = "Bayesian", **ranges: Any) -> Json:
    return {
        "Strategy": strategy,
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 1},
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "r2"},
        "ParameterRanges": ranges,
    }


def test_what_was_fixed_earlier_may_be_tuned_now(search, build) -> None:
    fixed = build.tuning_request(1, 1)
    fixed["TrainingJobDefinition"]["StaticHyperParameters"]["depth"] = "3"
    parent = search(request=fixed)
    tuned = build.tuning_request(1, 1, strategy="Bayesian")
    depth = {"Name": "depth", "MinValue": "1", "MaxValue": "4"}
    tuned["HyperParameterTuningJobConfig"]["ParameterRanges"]["IntegerParameterRanges"] = [depth]
    assert search(parent.id, request=tuned).status == "Succeeded"


@pytest.mark.parametrize("scale", ["Linear", "Logarithmic", "ReverseLogarithmic"])
def test_what_a_range_writes_it_reads_back(scale: str) -> None:
    ends = {"MinValue": "0.1", "MaxValue": "0.7", "ScalingType": scale}
    (entry,) = read_ranges({"ContinuousParameterRanges": [{"Name": "x", **ends}]})
    for text in ("0.1", "0.25", "0.7"):
        assert float(entry.encode(entry.decode(text))) == pytest.approx(float(text), abs=1e-12)
        assert entry.distribution.low <= entry.decode(text) <= entry.distribution.high


def test_earlier_trials_outside_of_the_ranges_teach_nothing_and_a_grid_learns_nothing() -> None:
    between = [{"Name": "x", "MinValue": "1", "MaxValue": "4"}]
    outside = [KnownTrial({"x": "9"}, 0.9), KnownTrial({"x": "2.5"}, 0.9), KnownTrial({}, 0.1)]
    with pytest.raises(DefinitionError, match="all lie outside"):
        make_search(config(IntegerParameterRanges=between), outside)
    inside = [*outside, KnownTrial({"x": "2"}, 0.5)]
    search = make_search(config(IntegerParameterRanges=between), inside)
    assert [search.suggest().number for _ in range(3)] == [0, 1, 2]
    values = [{"Name": "x", "Values": ["1"]}]
    grid = config("Grid", CategoricalParameterRanges=values)
    del grid["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    with pytest.raises(DefinitionError, match="takes no warm start"):
        make_search(grid, inside)
