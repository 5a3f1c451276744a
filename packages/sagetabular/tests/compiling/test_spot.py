"""Spot instances, as the service is asked for them."""

from __future__ import annotations

import pytest

from sagetabular.errors import UserError

RIDGE, PIPELINE = "models/ridge/model.yaml", "conf/pipeline.yaml"
KEYS = ("EnableManagedSpotTraining", "StoppingCondition", "CheckpointConfig")


@pytest.fixture
def asked(example):
    """Compile the small project; return what its jobs are asked for, by step."""

    def compile_jobs():
        steps = {step["Name"]: step["Arguments"] for step in example.definition()["Steps"]}
        jobs = {
            name: steps[name].get("TrainingJobDefinition", steps[name])
            for name in ("TuneRidge", "FitRidge", "TuneBoost")
        }
        return {name: {key: job[key] for key in KEYS if key in job} for name, job in jobs.items()}

    return compile_jobs


def test_without_spot_jobs_have_a_run_time_and_nothing_else(asked):
    assert {str(job) for job in asked().values()} == {
        str({"StoppingCondition": {"MaxRuntimeInSeconds": 3600}})
    }


def test_spot_of_the_project_waits_twice_as_long_and_keeps_the_folds_of_trials(example, asked):
    example.change(PIPELINE, "resources.training.spot", value=True)
    jobs = asked()
    times = {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200}
    assert jobs["FitRidge"] == {"EnableManagedSpotTraining": True, "StoppingCondition": times}
    kept = jobs["TuneRidge"]["CheckpointConfig"]
    assert kept["LocalPath"] == "/opt/ml/checkpoints"
    assert kept["S3Uri"]["Std:Join"]["Values"][-1] == "/checkpoints/tune/ridge"
    assert {"Get": "Execution.PipelineExecutionId"} in kept["S3Uri"]["Std:Join"]["Values"]


def test_a_step_may_say_otherwise(example, asked):
    example.change(PIPELINE, "resources.training", {"spot": True, "max_minutes": 30})
    tune = {"spot": True, "max_minutes": 10, "max_wait_minutes": 15}
    example.change(RIDGE, "steps", {"tune": tune, "fit": {"spot": False}, "evaluate": None})
    jobs = asked()
    times = {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 900}
    assert jobs["TuneRidge"]["StoppingCondition"] == times
    assert jobs["FitRidge"] == {"StoppingCondition": {"MaxRuntimeInSeconds": 1800}}
    assert jobs["TuneBoost"]["StoppingCondition"]["MaxWaitTimeInSeconds"] == 3600


def test_a_program_of_the_users_own_may_keep_checkpoints(example):
    example.write("models/ridge/own.py", "print('done')\n")
    train = {"entry_point": "own.py", "spot": True}
    example.change(RIDGE, "steps", {"train": train, "evaluate": None})
    example.change(PIPELINE, "selection", {"by": "test"})
    steps = {step["Name"]: step["Arguments"] for step in example.definition()["Steps"]}
    kept = steps["TrainRidge"]["CheckpointConfig"]["S3Uri"]["Std:Join"]["Values"]
    assert kept[-1] == "/checkpoints/train/ridge"


@pytest.mark.parametrize(
    ("step", "rule", "remedy"),
    [
        (
            {"spot": True, "max_wait_minutes": 59},
            "must have max_wait_minutes of at least max_minutes, got 59 of 60.",
            "It is the time for waiting and running together: raise it, or drop it.",
        ),
        (
            {"max_wait_minutes": 90},
            "takes max_wait_minutes with spot only, got 90.",
            "Add `spot: true`, or remove it.",
        ),
    ],
)
def test_a_wait_that_makes_no_sense_is_refused(example, step, rule, remedy):
    example.change(RIDGE, "steps", {"tune": step, "fit": None, "evaluate": None})
    with pytest.raises(UserError) as caught:
        example.compile()
    assert str(caught.value).splitlines() == [f"{RIDGE}: steps.tune {rule}", remedy]


def test_the_project_cannot_wait_without_spot_either(example, mistake_of):
    example.change(PIPELINE, "resources.training.max_wait_minutes", 90)
    rule, remedy = mistake_of(example)
    field = f"{PIPELINE}: resources.training"
    assert rule == f"{field} takes max_wait_minutes with spot only, got 90."
    assert remedy == "Add `spot: true`, or remove it."
