"""Steps of every class, with all settings that they have, in the requests for them."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from making_units import BOOST, channels_of, get, inputs_of, with_unit

from sagetabular.errors import UserError
from sagetabular.jobs.models.hyperparameters import read_training_settings

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:algorithm/forest"


def test_a_process_step_runs_a_program_of_the_folder(example):
    steps, assets = with_unit(
        example,
        {
            "clean": {
                "class": "process",
                "entry_point": "parts/clean.py",
                "arguments": ["--rows", "5"],
                "inputs": {
                    "table": "data.preprocess.train/part",
                    "shards": {"source": "s3://lake/a/", "distribution": "ShardedByS3Key"},
                },
                "outputs": ["rows", "notes"],
                "upload": "Continuous",
                "image": "jobs",
                "instance_type": "ml.m5.2xlarge",
                "instance_count": 2,
                "volume_gb": 32,
                "max_minutes": 50,
                "environment": {"LEVEL": "high"},
                "tags": {"team": "a"},
                "cache": False,
            }
        },
    )
    step = steps["CleanRidge"]
    request = step["Arguments"]
    assert step["Type"] == "Processing"
    assert "CacheConfig" not in step
    assert request["AppSpecification"] == {
        "ImageUri": {"Get": "Parameters.JobsImageUri"},
        "ContainerEntrypoint": ["python3", "-m", "models.ridge.parts.clean"],
        "ContainerArguments": ["--rows", "5"],
    }
    assert "models/ridge/parts/clean.py" in assets.model_programs["ridge"].files
    train = get("Preprocess.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri")
    assert inputs_of(step)["table"]["S3Uri"] == {"Std:Join": {"On": "", "Values": [train, "/part"]}}
    assert inputs_of(step)["shards"] == {
        "S3Uri": "s3://lake/a/",
        "LocalPath": "/opt/ml/processing/input/shards",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "ShardedByS3Key",
    }
    outputs = request["ProcessingOutputConfig"]["Outputs"]
    assert [output["OutputName"] for output in outputs] == ["rows", "notes"]
    assert {output["S3Output"]["S3UploadMode"] for output in outputs} == {"Continuous"}
    assert outputs[0]["S3Output"]["S3Uri"]["Std:Join"]["Values"][-1] == "/clean/ridge/rows"
    assert request["ProcessingResources"]["ClusterConfig"] == {
        "InstanceCount": 2,
        "InstanceType": "ml.m5.2xlarge",
        "VolumeSizeInGB": 32,
    }
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 3000}
    assert request["Environment"]["LEVEL"] == "high"
    assert request["Environment"]["PYTHONPATH"] == "/opt/ml/processing/input/code"
    assert request["Tags"] == [{"Key": "team", "Value": "a"}]
    assert request["NetworkConfig"] == {"EnableNetworkIsolation": True}


def test_a_train_step_has_fixed_hyperparameters_and_a_program_of_its_own(example):
    steps, assets = with_unit(
        example,
        {
            "train": {
                "entry_point": "parts/clean.py",
                "hyperparameters": {"depth": 3, "centred": False},
                "model_data": "s3://lake/old/model.tar.gz",
                "inputs": {"train": "boost.tune.trial"},
                "instance_count": 2,
                "image": {"uri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1"},
            }
        },
    )
    request = steps["TrainRidge"]["Arguments"]
    assert request["AlgorithmSpecification"]["TrainingImage"].endswith("/own:1")
    assert request["HyperParameters"]["sagemaker_program"] == "entry_train.py"
    assert request["HyperParameters"]["depth"] == "3"
    assert request["HyperParameters"]["centred"] == "false", "the step's counts more"
    assert request["ResourceConfig"]["InstanceCount"] == 2
    channels = channels_of(steps["TrainRidge"])
    assert [*channels] == ["train", "model", "code"]
    assert channels["model"]["ContentType"] == "application/x-sagemaker-model"
    best = channels["train"]["DataSource"]["S3DataSource"]["S3Uri"]["Std:Join"]["Values"]
    assert get("TuneBoost.BestTrainingJob.TrainingJobName") in best
    archive = io.BytesIO(assets.model_archives["ridge"].files["sourcedir.tar.gz"])
    with tarfile.open(fileobj=archive) as content:
        program = content.extractfile("entry_train.py").read().decode()
        setup = content.extractfile("setup.py").read().decode()
    assert "'models.ridge.parts.clean'" in program.replace('"', "'")
    assert 'py_modules=["tune", "fit", "entry_train"]' in setup


def test_a_mapping_reaches_the_job_as_it_was_written(example, tmp_path):
    rising = {"rooms": 1, "Größe, m²": -1}
    steps, _ = with_unit(example, {"fit": {}}, hyperparameters={"centred": True, "rising": rising})
    (tmp_path / "input/config").mkdir(parents=True)
    told = steps["FitRidge"]["Arguments"]["HyperParameters"]
    told = {name: value for name, value in told.items() if isinstance(value, str)}
    file = tmp_path / "input/config/hyperparameters.json"
    file.write_text(json.dumps({**told, "job_seed": "3"}))
    assert read_training_settings(tmp_path).hyperparameters["rising"] == rising


def test_an_algorithm_resource_gets_plain_hyperparameters_and_no_code(example):
    image = {"algorithm": ARN}
    train = {"image": image, "hyperparameters": {"kind": "gini", "trees": 5}}
    steps, _ = with_unit(example, {"train": train}, hyperparameters={})
    request = steps["TrainRidge"]["Arguments"]
    assert request["AlgorithmSpecification"] == {"AlgorithmName": ARN, "TrainingInputMode": "File"}
    assert request["HyperParameters"] == {"kind": "gini", "trees": "5"}
    assert [*channels_of(steps["TrainRidge"])] == ["train"]
    assert request["Environment"] == {}


def test_several_files_travel_as_a_manifest_and_one_as_itself(example):
    files = ["s3://lake/a/x.csv", "s3://lake/b/y.csv"]
    inputs = {"train": {"files": files, "mode": "FastFile"}, "more": ["s3://lake/a/x.csv"]}
    steps, assets = with_unit(example, {"fit": {"inputs": inputs}})
    channels = channels_of(steps["FitRidge"])
    source = channels["train"]["DataSource"]["S3DataSource"]
    assert source["S3DataType"] == "ManifestFile"
    assert channels["train"]["InputMode"] == "FastFile"
    key = source["S3Uri"]["Std:Join"]["Values"][-1].removeprefix("/")
    assert json.loads(assets.objects()[key]) == [{"prefix": "s3://lake/"}, "a/x.csv", "b/y.csv"]
    assert channels["more"]["DataSource"]["S3DataSource"]["S3DataType"] == "S3Prefix"
    assert channels["more"]["DataSource"]["S3DataSource"]["S3Uri"] == "s3://lake/a/x.csv"


def test_an_image_of_aws_that_does_not_exist_is_named_with_its_file(example):
    example.change(BOOST, "steps", {"fit": {"image": {"framework": "xgboost", "version": "9"}}})
    with pytest.raises(UserError) as caught:
        example.compile()
    assert str(caught.value).startswith(f"{BOOST}: image.version must be one that exists in eu-w")


def test_what_the_service_would_refuse_of_a_step_is_refused_in_two_lines(example):
    inputs = {f"extra{number}": "s3://lake/a" for number in range(10)}
    with pytest.raises(UserError) as caught:
        with_unit(example, {"process": {"inputs": inputs}})
    rule, _ = str(caught.value).splitlines()
    assert rule.startswith("models/ridge/model.yaml: steps.process: ProcessingInputs may be at ")
    assert "ProcessingInputs may be at most 10 entries, got 11" in rule
