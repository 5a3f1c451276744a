"""What a model says of its search, as the service is asked for it, and what it would refuse."""

from __future__ import annotations

import pytest

from pipelines.errors import UserError
from pipelines.training.checks import check_values, definition_problems

RIDGE, BOOST, PIPELINE = "models/ridge/model.yaml", "models/boost/model.yaml", "conf/pipeline.yaml"


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
            check_values(definition, defaults | account | values)
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
