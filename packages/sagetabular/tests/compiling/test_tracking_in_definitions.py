"""The step that logs, for each place to log to."""

from __future__ import annotations

import json

import pytest

PIPELINE = "conf/pipeline.yaml"


def test_track_reads_the_trials_from_the_tuning_jobs_own_prefix(definition):
    (track,) = [step for step in definition["Steps"] if step["Name"] == "Track"]
    assert "CacheConfig" not in track
    assert not track["Arguments"]["NetworkConfig"]["EnableNetworkIsolation"]
    assert track["Arguments"]["Environment"]["MLFLOW_TRACKING_URI"] == {
        "Get": "Parameters.TrackingUri"
    }
    inputs = {
        entry["InputName"]: entry["S3Input"]["S3Uri"]
        for entry in track["Arguments"]["ProcessingInputs"]
    }
    prefix = "Steps.TuneRidge.TrainingJobDefinition.OutputDataConfig.S3OutputPath"
    assert inputs["trials-ridge"]["Std:Join"]["Values"] == [{"Get": prefix}, "/"]
    assert [*inputs] == ["code", "selection", "trials-boost", "trials-ridge"]


def test_for_experiments_track_needs_no_address_and_nothing_else_changes(example, definition):
    example.change(PIPELINE, "tracking", "experiments")
    after = json.loads(example.compile().definition)
    assert after["PipelineExperimentConfig"] == {
        "ExperimentName": {"Get": "Execution.PipelineName"},
        "TrialName": {"Get": "Execution.PipelineExecutionId"},
    }
    (track,) = [step for step in after["Steps"] if step["Name"] == "Track"]
    environment = track["Arguments"]["Environment"]
    assert environment.pop("TRACKING") == "experiments"
    environment["MLFLOW_TRACKING_URI"] = {"Get": "Parameters.TrackingUri"}
    before = [entry for entry in definition["Parameters"] if entry["Name"] != "TrackingUri"]
    assert after == definition | {"Parameters": before}


def test_the_default_takes_the_address_that_mlflow_does(example, definition):
    example.change(PIPELINE, "tracking", "mlflow")
    assert json.loads(example.compile().definition) == definition
    assert b'"TRACKING"' not in example.compile().definition


def test_for_both_track_gets_the_address_and_is_told_so(example, definition):
    example.change(PIPELINE, "tracking", "both")
    after = json.loads(example.compile().definition)
    (track,) = [step for step in after["Steps"] if step["Name"] == "Track"]
    assert track["Arguments"]["Environment"].pop("TRACKING") == "both"
    assert after == definition


def test_without_tracking_there_is_neither_the_step_nor_its_parameter(example, definition):
    example.change(PIPELINE, "tracking", "none")
    after = example.definition()
    names = [step["Name"] for step in definition["Steps"] if step["Name"] != "Track"]
    assert [step["Name"] for step in after["Steps"]] == names
    assert "TrackingUri" not in json.dumps(after)


@pytest.mark.parametrize(
    ("selection", "gate"),
    [
        ({}, "MinimumR2"),
        ({"metric": "rmse", "maximum": 3}, "MaximumRmse"),
        ({"metric": "mae", "maximum": 3}, "MaximumMae"),
    ],
)
def test_the_gate_of_any_metric_is_logged_with_what_shapes_the_result(example, selection, gate):
    example.change(PIPELINE, "selection", selection)
    steps = {step["Name"]: step["Arguments"] for step in example.definition()["Steps"]}
    arguments = steps["Track"]["AppSpecification"]["ContainerArguments"]
    joined = [entry["Std:Join"]["Values"] for entry in arguments if isinstance(entry, dict)
              and "Std:Join" in entry]  # fmt: skip
    assert [f"{gate}=", {"Get": f"Parameters.{gate}"}] in joined
