"""Searches of models, as they are requested of the service, and errors that it would report."""

from __future__ import annotations

import json

import pytest

from sagetabular.compiling.checks import (
    check_searches,
    check_values,
    definition_problems,
    find_limits,
)
from sagetabular.errors import UserError

RIDGE, BOOST, PIPELINE = "models/ridge/model.yaml", "models/boost/model.yaml", "conf/pipeline.yaml"


def refusal_of(example) -> list[str]:
    """The rule and the remedy with which the compilation of a project is refused."""
    with pytest.raises(UserError) as caught:
        example.compile()
    return str(caught.value).splitlines()


def get(reference):
    return {"Get": reference}


@pytest.fixture
def searched(example):
    """Compile the small project and return the search of ridge."""

    def compile_search():
        steps = {step["Name"]: step["Arguments"] for step in example.definition()["Steps"]}
        return steps["TuneRidge"]["HyperParameterTuningJobConfig"]

    return compile_search


@pytest.fixture
def refused():
    """Start a definition with its defaults and other values, which it must not accept."""

    def start(definition, **values):
        defaults = {item["Name"]: item.get("DefaultValue") for item in definition["Parameters"]}
        account = {name: "s3://bucket/key" for name, value in defaults.items() if value is None}
        account["RoleArn"] = "arn:aws:iam::123456789012:role/some"
        with pytest.raises(UserError) as caught:
            check_values(find_limits(definition), defaults | account | values)
            check_searches(definition, defaults | account | values)
        rule, remedy = str(caught.value).splitlines()
        assert remedy == "Give it another value with --set."
        return rule

    return start


def test_hyperband_spends_folds_and_does_without_early_stopping(example, searched):
    example.change(RIDGE, "tuning.strategy", "Hyperband")
    example.change(PIPELINE, "tuning", {"early_stopping": "auto"})
    found = searched()
    spent = {"MinResource": 2, "MaxResource": get("Parameters.Folds")}
    assert found["StrategyConfig"] == {"HyperbandStrategyConfig": spent}
    assert found["TrainingJobEarlyStoppingType"] == "Off"
    assert found["ResourceLimits"]["MaxNumberOfTrainingJobs"] == get("Parameters.MaxTrainingJobs")
    example.change(RIDGE, "tuning.min_folds", 1)
    assert searched()["StrategyConfig"]["HyperbandStrategyConfig"]["MinResource"] == 1


def test_other_strategies_have_no_configuration_of_their_own(searched):
    assert "StrategyConfig" not in searched()


@pytest.mark.parametrize(("folds", "least"), [(2, None), (3, 3), (0, None)])
def test_hyperband_needs_more_folds_than_those_it_must_not_end_a_trial_before(
    example, mistake_of, folds, least
):
    example.change(RIDGE, "tuning.strategy", "Hyperband")
    example.change(PIPELINE, "split.folds", folds)
    if least:
        example.change(RIDGE, "tuning.min_folds", least)
    rule, remedy = mistake_of(example)
    got = f"got {least or 2} of {folds}."
    assert rule == f"{RIDGE}: tuning.min_folds must be below split.folds of {PIPELINE}, {got}"
    assert remedy == "Lower it, or use Bayesian or Random."


def test_more_trials_than_the_service_allows_are_refused_at_start(example, refused):
    rule = refused(example.definition(), MaxTrainingJobs=751)
    assert rule == "TuneBoost: a search may have at most 750 trials, got 751 (MaxTrainingJobs)."


def test_too_few_folds_for_hyperband_are_refused_at_start(example, refused):
    example.change(RIDGE, "tuning.strategy", "Hyperband")
    rule = refused(example.definition(), Folds=2)
    assert rule == "TuneRidge: Hyperband needs more folds than min_folds, got 2 (Folds) and 2."


@pytest.mark.parametrize(
    ("planted", "problem"),
    [
        (
            {"Strategy": "Hyperband"},
            "HyperbandStrategyConfig must stand beside the strategy Hyperband, and no other.",
        ),
        (
            {"StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 3}}},
            "HyperbandStrategyConfig must stand beside the strategy Hyperband, and no other.",
        ),
        (
            {
                "Strategy": "Hyperband",
                "StrategyConfig": {"HyperbandStrategyConfig": {"MaxResource": 3}},
                "TrainingJobEarlyStoppingType": "Auto",
            },
            "early stopping must be Off for Hyperband, which ends trials by a rule of its own.",
        ),
    ],
)
def test_a_search_that_the_service_would_refuse_is_found(definition, parts_of, planted, problem):
    parts_of(definition).search.update(planted)
    assert definition_problems(definition) == [f"TuneRidge: {problem}"]


def bounds(low, high, kind="integer", scaling="Auto"):
    """A range whose bounds are the parameters Low and High."""
    return {
        "type": kind,
        "min": {"parameter": "Low", "default": low},
        "max": {"parameter": "High", "default": high},
        "scaling": scaling,
    }


def test_a_bound_may_be_a_text_parameter_of_the_pipeline(example, searched):
    example.change(RIDGE, "tuning.ranges.strength", bounds(0.5, 2, "continuous"))
    (found,) = searched()["ParameterRanges"]["ContinuousParameterRanges"]
    ends = {"MinValue": get("Parameters.Low"), "MaxValue": get("Parameters.High")}
    assert found == {"Name": "strength", **ends, "ScalingType": "Auto"}
    declared = {item["Name"]: item for item in example.definition()["Parameters"]}
    assert declared["Low"] == {"Name": "Low", "Type": "String", "DefaultValue": "0.5"}
    assert declared["High"] == {"Name": "High", "Type": "String", "DefaultValue": "2.0"}


def test_two_ranges_may_share_a_parameter_of_one_default(example):
    for file, name in ((RIDGE, "strength"), (BOOST, "depth")):
        example.change(file, f"tuning.ranges.{name}", bounds(2, 4))
    names = [item["Name"] for item in example.definition()["Parameters"]]
    assert names[-2:] == ["High", "Low"]
    example.change(BOOST, "tuning.ranges.depth.min.default", 3)
    rule, remedy = refusal_of(example)
    field = f"{RIDGE}: tuning.ranges.strength.min gives the parameter 'Low' the default 2"
    assert rule == f"{field}, and {BOOST}: tuning.ranges.depth.min 3."
    assert remedy == "Use one default, or two names."


def test_a_bound_must_not_take_the_name_of_a_parameter_of_the_pipeline(example):
    example.change(RIDGE, "tuning.ranges.strength", bounds(2, 4))
    example.change(RIDGE, "tuning.ranges.strength.min.parameter", "Folds")
    rule, remedy = refusal_of(example)
    field = f"{RIDGE}: tuning.ranges.strength.min"
    assert rule == f"{field} must not name the parameter 'Folds', which is the pipeline's own."
    assert remedy == "Give it another name."


def test_a_range_without_a_tune_step_declares_nothing(example):
    example.change(RIDGE, "tuning.ranges.strength", bounds(2, 4))
    example.change(RIDGE, "hyperparameters", {})
    example.change(RIDGE, "steps", ["fit", "evaluate"])
    example.change(PIPELINE, "selection", {"by": "test"})
    names = [item["Name"] for item in example.definition()["Parameters"]]
    assert "Low" not in names


@pytest.mark.parametrize(
    ("kind", "scaling", "low", "high", "problem"),
    [
        ("integer", "Auto", "abc", "4", "needs whole numbers as bounds, got 'abc' (Low)."),
        ("integer", "Auto", "2", "3.5", "needs whole numbers as bounds, got '3.5' (High)."),
        ("continuous", "Auto", "nan", "4", "needs numbers as bounds, got 'nan' (Low)."),
        ("continuous", "Auto", "1", "", "needs numbers as bounds, got '' (High)."),
        ("integer", "Auto", "4", "4", "needs min below max, got min 4 (Low) and max 4 (High)."),
        (
            *("continuous", "Logarithmic", "0", "0.5"),
            "needs min above 0 for Logarithmic scaling, got min 0 (Low) and max 0.5 (High).",
        ),
        (
            *("continuous", "ReverseLogarithmic", "0.1", "1"),
            "needs 0 <= min < max < 1 for ReverseLogarithmic scaling, got min 0.1 (Low) and "
            "max 1 (High).",
        ),
    ],
)
def test_bounds_that_make_no_sense_are_refused_at_start(
    example, refused, kind, scaling, low, high, problem
):
    defaults = (1, 2) if kind == "integer" else (0.1, 0.5)
    example.change(RIDGE, "tuning.ranges.strength", bounds(*defaults, kind, scaling))
    rule = refused(example.definition(), Low=low, High=high)
    assert rule == f"TuneRidge: the range of 'strength' {problem}"


def test_completion_criteria_are_asked_for_by_the_model_or_else_by_the_project(example, searched):
    assert "TuningJobCompletionCriteria" not in searched()
    of_all = {"completion": {"target_r2": 0.75, "converged": True}, "max_minutes": 90}
    example.change(PIPELINE, "tuning", of_all)
    found = searched()
    assert found["TuningJobCompletionCriteria"] == {
        "TargetObjectiveMetricValue": 0.75,
        "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"},
    }
    assert found["ResourceLimits"]["MaxRuntimeInSeconds"] == 5400
    example.change(RIDGE, "tuning.completion", {"idle_trials": 5})
    example.change(RIDGE, "tuning.max_minutes", 2)
    found = searched()
    idle = {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 5}}
    assert found["TuningJobCompletionCriteria"] == idle
    assert found["ResourceLimits"]["MaxRuntimeInSeconds"] == 120


def test_a_warm_start_names_its_parents_or_parameters_and_is_never_reused(example, refused):
    parents = ["earlier-1", {"parameter": "Parent"}, {"parameter": "Other", "default": "x"}]
    start = {"from": parents, "type": "TransferLearning"}
    example.change(RIDGE, "tuning.warm_start", start)
    definition = example.definition()
    steps = {step["Name"]: step for step in definition["Steps"]}
    names = ["earlier-1", get("Parameters.Parent"), get("Parameters.Other")]
    assert steps["TuneRidge"]["Arguments"]["WarmStartConfig"] == {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": name} for name in names],
        "WarmStartType": "TransferLearning",
    }
    assert "CacheConfig" not in steps["TuneRidge"]
    assert steps["TuneBoost"]["CacheConfig"]["Enabled"]
    assert "WarmStartConfig" not in steps["TuneBoost"]["Arguments"]
    declared = {item["Name"]: item for item in definition["Parameters"]}
    assert declared["Parent"] == {"Name": "Parent", "Type": "String"}
    assert declared["Other"]["DefaultValue"] == "x"
    rule = refused(definition, Other="x" * 33, Parent="y")
    assert rule.startswith("Parameter Other may be at most 32 characters, got 33")


def test_the_field_of_a_parameter_is_named_as_it_is_written(example):
    start = {"from": [{"parameter": "Folds"}], "type": "TransferLearning"}
    example.change(RIDGE, "tuning.warm_start", start)
    with pytest.raises(UserError, match=r"tuning\.warm_start\.from\.0 must not name"):
        example.compile()


def test_hyperparameters_from_s3_come_as_a_channel_with_the_names_that_they_may_change(example):
    example.change(RIDGE, "hyperparameters", {"centred": True, "offset": 1.0})
    example.change(RIDGE, "hyperparameters_from", "s3://bucket/some/file.json")
    example.change(RIDGE, "steps", {"tune": None, "fit": {"hyperparameters": {"offset": 2.0}},
                                    "evaluate": None})  # fmt: skip
    steps = {step["Name"]: step["Arguments"] for step in example.definition()["Steps"]}
    trial = steps["TuneRidge"]["TrainingJobDefinition"]
    for job, told, names in (
        (trial, trial["StaticHyperParameters"], ["centred", "offset"]),
        (steps["FitRidge"], steps["FitRidge"]["HyperParameters"], ["centred"]),
    ):
        channels = {entry["ChannelName"]: entry for entry in job["InputDataConfig"]}
        source = channels["hyperparameters"]["DataSource"]["S3DataSource"]
        assert source["S3Uri"] == "s3://bucket/some/file.json"
        assert json.loads(told["job_overridable"]) == names
    boost = steps["TuneBoost"]["TrainingJobDefinition"]
    assert "job_overridable" not in boost["StaticHyperParameters"]
    assert [entry["ChannelName"] for entry in boost["InputDataConfig"]] == ["train", "code"]
