"""System 003's files become a model with the same search."""

from __future__ import annotations

import json
import re

import pytest
from configurations import HYPERPARAMETERS, MANIFEST, PARAMETERS

pytestmark = pytest.mark.slow

NAMES = ("ml-parameters.json", "hyperparameters.json", "manifest.json")


@pytest.fixture
def files(repository):
    return [repository / "tuner" / name for name in NAMES]


def test_the_tune_step_searches_the_same(pipeline, example, files):
    example.change("conf/pipeline.yaml", "tuning", {"trials": 20})
    ended = pipeline("import", *files[::-1], "--like", "ridge")
    assert (ended.code, ended.err) == (0, "")
    definition = example.definition()
    steps = {step["Name"]: step for step in definition["Steps"]}
    assert {"TuneGbmModel", "FitGbmModel", "CreateGbmModel"} <= {*steps}
    search = steps["TuneGbmModel"]["Arguments"]["HyperParameterTuningJobConfig"]
    assert search["Strategy"] == "Random"
    assert search["TrainingJobEarlyStoppingType"] == "Auto"
    defaults = {entry["Name"]: entry.get("DefaultValue") for entry in definition["Parameters"]}
    assert search["ResourceLimits"] == {
        "MaxParallelTrainingJobs": {"Get": "Parameters.MaxParallelTrainingJobs"},
        "MaxNumberOfTrainingJobs": {"Get": "Parameters.MaxTrainingJobs"},
    }
    assert (defaults["MaxParallelTrainingJobs"], defaults["MaxTrainingJobs"]) == (3, 12)
    given = HYPERPARAMETERS["parameterRanges"]
    for kind in ("Integer", "Continuous"):
        assert (
            search["ParameterRanges"][f"{kind}ParameterRanges"] == given[f"{kind}ParameterRanges"]
        )
    (categories,) = search["ParameterRanges"]["CategoricalParameterRanges"]
    assert [json.loads(value) for value in categories["Values"]] == ["Random", "Uniform"]
    trial = steps["TuneGbmModel"]["Arguments"]["TrainingJobDefinition"]
    fixed = {key: json.loads(trial["StaticHyperParameters"][key])
             for key in HYPERPARAMETERS["staticHyperParameters"]}  # fmt: skip
    assert fixed == {"max_depth": 12, "distribution": "gaussian", "balance": False}
    assert trial["ResourceConfig"] == {
        "InstanceType": "ml.c5.4xlarge",
        "InstanceCount": 1,
        "VolumeSizeInGB": 25,
    }
    assert trial["EnableManagedSpotTraining"] is True
    assert trial["StoppingCondition"] == {
        "MaxRuntimeInSeconds": 86400,
        "MaxWaitTimeInSeconds": 86400,
    }
    channels = {entry["ChannelName"]: entry for entry in trial["InputDataConfig"]}
    assert {*channels} == {"train", "training", "validation", "code"}
    for channel in MANIFEST["channels"]:
        found = channels[channel["channelName"]]
        expected = {**channel["s3DataSource"]}
        del expected["AttributeNames"]
        assert found["DataSource"]["S3DataSource"] == expected
        assert found["ContentType"] == "text/csv"


@pytest.mark.parametrize(
    ("written", "spot"),
    [(False, False), ("false", False), ("False", False), (True, True), ("true", True)],
)
def test_spot_instances_are_those_that_the_file_asks_for(
    pipeline, example, files, written, spot
) -> None:
    # The system itself took any text for true, and its files may hold texts.
    files[0].write_text(json.dumps(PARAMETERS | {"enableManagedSpotTraining": written}))
    assert pipeline("import", *files, "--like", "ridge").code == 0
    steps = {step["Name"]: step["Arguments"] for step in example.definition()["Steps"]}
    trial = steps["TuneGbmModel"]["TrainingJobDefinition"]
    assert trial.get("EnableManagedSpotTraining", False) is spot
    assert ("MaxWaitTimeInSeconds" in trial["StoppingCondition"]) is spot
    assert ("CheckpointConfig" in trial) is spot


def test_everything_else_of_the_files_is_listed(pipeline, files):
    ended = pipeline("import", *files, "--like", "ridge", "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    dropped = re.findall(r"^\S+: (\S+) is not carried over: .+\.$", ended.out, re.MULTILINE)
    carried = {
        *("tuningJobName", "tuningStrategy", "maxParallelTrainingJobs", "maxNumberOfTrainingJobs"),
        *("inputContentType", "trainingInstanceType", "trainingInstanceVolumeSizeInGB"),
        *("trainingJobEarlyStoppingType", "model"),
        "enableManagedSpotTraining",
    }
    parts = {f"model.{key}" for key in PARAMETERS["model"]} - {"model.name"}
    attributes = {f"channels.{number}.s3DataSource.AttributeNames" for number in range(2)}
    assert set(dropped) == {*PARAMETERS} - carried | parts | attributes
    assert "begins with the code of ridge" in ended.out
    assert "not by validation:auc" in ended.out
    assert "has no channel train" in ended.out


def test_a_channel_called_train_is_that_of_trials_and_fit(pipeline, example, files):
    manifest = json.loads(json.dumps(MANIFEST).replace('"training"', '"train"'))
    files[2].write_text(json.dumps(manifest))
    ended = pipeline("import", *files, "--like", "ridge")
    assert "has no channel train" not in ended.out
    steps = {step["Name"]: step["Arguments"] for step in example.definition()["Steps"]}
    for channels in (
        steps["TuneGbmModel"]["TrainingJobDefinition"]["InputDataConfig"],
        steps["FitGbmModel"]["InputDataConfig"],
    ):
        (train,) = [entry for entry in channels if entry["ChannelName"] == "train"]
        assert train["DataSource"]["S3DataSource"]["S3Uri"] == "s3://warehouse/gbm/train"


def test_the_number_of_trials_is_never_overwritten(pipeline, example, files, files_of):
    example.change("conf/pipeline.yaml", "tuning", {"trials": 50})
    before = files_of(example.root)
    rule, remedy = pipeline("import", *files, "--like", "ridge").mistake
    assert rule == "conf/pipeline.yaml: tuning.trials must not be changed before an import, got 50."
    assert "maxNumberOfTrainingJobs asks for 12" in remedy
    assert files_of(example.root) == before


def test_a_project_of_houses_sold_becomes_one_of_two_classes(pipeline, example, files):
    about = "{'classification': 'true', 'target': 'Price', 'distribution': 'bernoulli'}"
    static = HYPERPARAMETERS | {"staticHyperParameters": {"training": about}}
    files[1].write_text(json.dumps(static))
    ended = pipeline("import", *files, "--like", "ridge", "--positive", "1")
    assert (ended.code, ended.err) == (0, "")
    assert "trials are scored by cv:roc_auc over this project's folds, as by validation:auc" in (
        ended.out
    )
    definition = example.definition()
    steps = {step["Name"]: step for step in definition["Steps"]}
    for title in ("GbmModel", "Ridge"):
        search = steps[f"Tune{title}"]["Arguments"]["HyperParameterTuningJobConfig"]
        objective = search["HyperParameterTuningJobObjective"]
        assert objective == {"Type": "Maximize", "MetricName": "cv:roc_auc"}
    gate = {entry["Name"]: entry.get("DefaultValue") for entry in definition["Parameters"]}
    assert gate["MinimumRocAuc"] == 0.5


def test_a_positive_class_says_nothing_to_the_files_of_a_framework(pipeline, repository):
    conf = repository / "churn/conf/conf.yaml"
    assert pipeline("import", conf, "--positive", "1").mistake == [
        "--positive is for the files of a model tuner, got '1'.",
        "Leave it out.",
    ]


@pytest.mark.parametrize("missing", range(3))
def test_all_three_files_are_needed(pipeline, files, missing):
    rule, _ = pipeline("import", *files[:missing], *files[missing + 1 :]).mistake
    assert rule.startswith(f"{NAMES[missing]} is missing")


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (0, {"maxNumberOfTrainingJobs": "many"}, "maxNumberOfTrainingJobs must be a valid integer"),
        (0, {"tuningJobName": None}, "tuningJobName is missing"),
        (0, {"tuningStrategy": "Guessing"}, "tuning.strategy must be"),
        (0, {"trainingJobEarlyStoppingType": "Soon"}, "trainingJobEarlyStoppingType must be"),
        (1, {"parameterRanges": {"IntegerParameterRanges": [{}]}}, "IntegerParameterRanges.0.Name"),
        (2, {"channels": []}, "channels"),
    ],
)
def test_a_mistake_names_file_and_field(pipeline, example, files, files_of, file, change, expected):
    before = files_of(example.root)
    documents = [PARAMETERS, HYPERPARAMETERS, MANIFEST]
    files[file].write_text(json.dumps({**documents[file], **change}))
    rule, _ = pipeline("import", *files, "--like", "ridge").mistake
    assert expected in rule
    assert NAMES[file] in rule
    assert files_of(example.root) == before


def test_the_code_to_begin_with_is_that_of_a_model_that_exists(pipeline, example, files, files_of):
    before = files_of(example.root)
    rule, remedy = pipeline("import", *files, "--like", "ridgy").mistake
    assert rule == "--like must name a folder of models/, got 'ridgy'."
    assert "Did you mean 'ridge'?" in remedy
    assert files_of(example.root) == before
    assert pipeline("import", *files, "--like", "ridge").code == 0
    copied = (example.root / "models/gbm_model/model.py").read_bytes()
    assert copied == (example.root / "models/ridge/model.py").read_bytes()
