"""The step that logs, for each place to log to."""

from __future__ import annotations

import json

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


def test_without_tracking_there_is_neither_the_step_nor_its_parameter(example, definition):
    example.change(PIPELINE, "tracking", "none")
    after = example.definition()
    names = [step["Name"] for step in definition["Steps"] if step["Name"] != "Track"]
    assert [step["Name"] for step in after["Steps"]] == names
    assert "TrackingUri" not in json.dumps(after)
