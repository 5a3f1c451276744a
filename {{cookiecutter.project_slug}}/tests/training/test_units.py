from __future__ import annotations

import io
import json
import tarfile

import pytest

from pipelines.errors import UserError

PIPELINE, RIDGE, BOOST = "conf/pipeline.yaml", "models/ridge/model.yaml", "models/boost/model.yaml"
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:algorithm/forest"
PROGRAM = "print('hello')\n"


def steps_of(definition):
    """Name → step, those inside conditions too."""
    found = {}

    def visit(steps):
        for step in steps:
            found[step["Name"]] = step
            for branch in ("IfSteps", "ElseSteps"):
                visit(step["Arguments"].get(branch, []))

    visit(definition["Steps"])
    return found


def with_unit(example, steps, **more):
    """Make `ridge` an unranked unit of these steps beside `boost`; compile."""
    example.write("models/ridge/process.py", PROGRAM)
    example.write("models/ridge/parts/clean.py", PROGRAM)
    example.change(RIDGE, "steps", steps)
    for field, value in more.items():
        example.change(RIDGE, field, value)
    compiled = example.compile()
    return steps_of(json.loads(compiled.definition)), compiled.assets


def channels_of(step):
    return {channel["ChannelName"]: channel for channel in step["Arguments"]["InputDataConfig"]}


def inputs_of(step):
    return {entry["InputName"]: entry["S3Input"] for entry in step["Arguments"]["ProcessingInputs"]}


def get(reference):
    return {"Get": f"Steps.{reference}"}


def test_the_short_form_of_the_steps_is_the_long_one_to_the_byte(example, compiled):
    sources = {"train": "data.preprocess.train", "test": {"source": "data.preprocess.test"}}
    for file, model in ((RIDGE, "ridge"), (BOOST, "boost")):
        fitted = {"test": sources["test"], "model": f"{model}.fit.model"}
        long = {
            "tune": {"class": "tune", "inputs": {"train": sources["train"]}},
            "fit": {"inputs": {"train": sources["train"]}},
            "evaluate": {"inputs": fitted},
            "register": {},
        }
        example.change(file, "steps", long)
    assert example.compile().definition == compiled.definition
    for file in (RIDGE, BOOST):
        example.change(file, "steps", ["tune", "fit", "evaluate"])
        example.change(file, "inputs", sources)
    assert example.compile().definition == compiled.definition


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
    assert "models/ridge/parts/clean.py" in assets.model_trees["ridge"].files
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


def test_an_algorithm_resource_gets_plain_hyperparameters_and_no_code(example):
    image = {"algorithm": ARN}
    train = {"image": image, "hyperparameters": {"kind": "gini", "trees": 5}}
    steps, _ = with_unit(example, {"train": train}, hyperparameters={})
    request = steps["TrainRidge"]["Arguments"]
    assert request["AlgorithmSpecification"] == {"AlgorithmName": ARN, "TrainingInputMode": "File"}
    assert request["HyperParameters"] == {"kind": "gini", "trees": "5"}
    assert [*channels_of(steps["TrainRidge"])] == ["train"]
    assert request["Environment"] == {}


def test_a_model_is_created_transforms_and_is_registered_without_competing(example):
    steps, _ = with_unit(
        example,
        {
            "fit": {},
            "create": {"environment": {"LEVEL": "high"}, "tags": {"team": "a"}},
            "transform": {
                "inputs": {"data": "data.preprocess.test/rows.csv"},
                "strategy": "MultiRecord",
                "assemble_with": "Line",
                "join_source": "Input",
                "split_type": "Line",
                "accept": "text/csv",
                "max_payload_mb": 6,
                "max_concurrent": 2,
                "input_filter": "$[1:]",
                "output_filter": "$[0,-1]",
                "instance_count": 2,
                "environment": {"LEVEL": "low"},
            },
            "publish": {
                "class": "register",
                "content_types": ["application/json"],
                "response_types": ["application/json"],
                "instance_types": ["ml.c5.large"],
                "transform_instance_types": ["ml.c5.xlarge"],
                "description": "components",
                "approval": "Approved",
            },
            "look": {"class": "process", "inputs": {"predictions": "ridge.transform"}},
        },
    )
    container = {
        "Image": {"Get": "Parameters.ImageUri"},
        "ModelDataUrl": get("FitRidge.ModelArtifacts.S3ModelArtifacts"),
        "Environment": {"LEVEL": "high"},
    }
    assert steps["CreateRidge"]["Type"] == "Model"
    assert "CacheConfig" not in steps["CreateRidge"]
    assert steps["CreateRidge"]["Arguments"] == {
        "PrimaryContainer": container,
        "ExecutionRoleArn": {"Get": "Parameters.RoleArn"},
        "EnableNetworkIsolation": True,
        "Tags": [{"Key": "team", "Value": "a"}],
    }
    transform = steps["TransformRidge"]
    assert transform["Type"] == "Transform"
    assert transform["CacheConfig"]["Enabled"]
    request = transform["Arguments"]
    path = request["TransformOutput"].pop("S3OutputPath")["Std:Join"]["Values"]
    assert path[-1] == "/transform/ridge"
    test = request["TransformInput"].pop("DataSource")["S3DataSource"]["S3Uri"]["Std:Join"]
    assert test["Values"][1:] == ["/rows.csv"]
    assert request == {
        "ModelName": get("CreateRidge.ModelName"),
        "TransformInput": {"ContentType": "text/csv", "SplitType": "Line"},
        "TransformOutput": {"Accept": "text/csv", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2},
        "BatchStrategy": "MultiRecord",
        "MaxPayloadInMB": 6,
        "MaxConcurrentTransforms": 2,
        "Environment": {"LEVEL": "low"},
        "DataProcessing": {
            "InputFilter": "$[1:]",
            "OutputFilter": "$[0,-1]",
            "JoinSource": "Input",
        },
    }
    assert inputs_of(steps["LookRidge"])["predictions"]["S3Uri"] == get(
        "TransformRidge.TransformOutput.S3OutputPath"
    )
    package = steps["PublishRidge"]["Arguments"]
    group = {"Get": "Parameters.ModelPackageGroup"}
    joined = {"Std:Join": {"On": "", "Values": [group, "-ridge"]}}
    assert package["ModelPackageGroupName"] == joined
    assert package["ModelPackageDescription"] == "components"
    assert package["ModelApprovalStatus"] == "Approved"
    assert [*package["ModelMetrics"]] == ["ModelDataQuality"], "it is not evaluated"
    assert "selection" not in package["CustomerMetadataProperties"]
    inference = package["InferenceSpecification"]
    assert inference.pop("Containers")[0]["ModelDataUrl"] == container["ModelDataUrl"]
    assert inference == {
        "SupportedContentTypes": ["application/json"],
        "SupportedResponseMIMETypes": ["application/json"],
        "SupportedRealtimeInferenceInstanceTypes": ["ml.c5.large"],
        "SupportedTransformInstanceTypes": ["ml.c5.xlarge"],
    }
    assert {"IsBoost", "RegisterBoost"} <= {*steps}
    assert "IsRidge" not in steps


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


def test_a_step_counts_more_than_its_model_and_that_more_than_the_project(example):
    example.change(
        PIPELINE,
        "defaults",
        {
            "fit": {"volume_gb": 1, "max_minutes": 1, "environment": {"A": "1", "B": "1"}},
            "tune": {"volume_gb": 9},
            "register": {"description": "ours"},
        },
    )
    defaults = {"fit": {"max_minutes": 2, "environment": {"B": "2", "C": "2"}}}
    example.change(RIDGE, "defaults", defaults)
    fit = {"environment": {"C": "3"}, "instance_type": "ml.m5.large"}
    example.change(RIDGE, "steps", {"tune": {}, "fit": fit, "evaluate": {}})
    steps = steps_of(example.definition())
    ridge, boost = (steps[f"Fit{title}"]["Arguments"] for title in ("Ridge", "Boost"))
    own = {name: ridge["Environment"][name] for name in "ABC"}
    assert own == {"A": "1", "B": "2", "C": "3"}
    assert ridge["ResourceConfig"]["VolumeSizeInGB"] == boost["ResourceConfig"]["VolumeSizeInGB"]
    assert ridge["ResourceConfig"]["VolumeSizeInGB"] == 1
    assert ridge["ResourceConfig"]["InstanceType"] == "ml.m5.large"
    assert boost["ResourceConfig"]["InstanceType"] == {"Get": "Parameters.TrainingInstanceType"}
    assert ridge["StoppingCondition"]["MaxRuntimeInSeconds"] == 120
    assert boost["StoppingCondition"]["MaxRuntimeInSeconds"] == 60
    trial = steps["TuneRidge"]["Arguments"]["TrainingJobDefinition"]
    assert trial["ResourceConfig"]["VolumeSizeInGB"] == 9
    assert steps["RegisterBoost"]["Arguments"]["ModelPackageDescription"] == "ours"


def test_dependencies_become_depends_on(example):
    example.change(
        PIPELINE,
        "dependencies",
        ["ridge >> boost", "data.preprocess >> ridge.tune", "ridge >> boost"],
    )
    steps = steps_of(example.definition())
    waiting = {name: step["DependsOn"] for name, step in steps.items() if "DependsOn" in step}
    assert waiting == {"TuneBoost": ["EvaluateRidge"], "TuneRidge": ["Preprocess"]}


def test_each_step_stands_behind_all_that_it_refers_to(example):
    example.change(RIDGE, "steps", {"tune": {}, "fit": {}, "evaluate": {}, "last": "process"})
    example.write("models/ridge/process.py", PROGRAM)
    example.change(PIPELINE, "dependencies", ["boost >> ridge.last", "ridge.fit >> boost.tune"])
    names = [step["Name"] for step in example.definition()["Steps"]]
    assert names == [
        *("Ingest", "Preprocess", "TuneRidge", "FitRidge", "TuneBoost", "EvaluateRidge"),
        *("FitBoost", "EvaluateBoost", "LastRidge", "Select", "Track", "QualityGate"),
    ]


def test_only_models_that_are_evaluated_are_ranked(example):
    steps, _ = with_unit(example, ["fit"])
    assert steps["Select"]["Arguments"]["AppSpecification"]["ContainerArguments"] == [
        *("--by", "cv", "--models", "boost")
    ]
    assert {"FitRidge", "RegisterBoost"} <= {*steps}
    assert not {"RegisterRidge", "IsRidge", "EvaluateRidge"} & {*steps}


@pytest.mark.parametrize(("count", "groups"), [(9, []), (10, [9, 1]), (19, [9, 9, 1])])
def test_more_than_nine_models_are_collected_first(example, count, groups):
    example.change(PIPELINE, "selection", {"by": "test"})
    names = []
    for number in range(count):
        names.append(f"copy_{number:02}")
        content = {"title": f"Copy{number}", "image": "project", "steps": ["fit", "evaluate"]}
        example.write(f"models/{names[-1]}/model.yaml", content)
        example.write(f"models/{names[-1]}/model.py", "")
    example.change(PIPELINE, "models", names)
    steps = steps_of(example.definition())
    collects = [steps[f"Collect{number}"] for number in range(1, len(groups) + 1)]
    read = [[*inputs_of(step)][1:] for step in collects]
    assert [len(group) for group in read] == groups
    select = steps["Select"]
    arguments = select["Arguments"]["AppSpecification"]["ContainerArguments"]
    if groups:
        assert [name for group in read for name in group] == names
        collections = [f"collect{number}" for number in range(1, len(groups) + 1)]
        assert arguments == ["--by", "test", "--collections", *collections]
        assert [*inputs_of(select)] == ["code", *collections]
    else:
        assert "Collect1" not in steps
        assert [*inputs_of(select)] == ["code", *names]


def test_parameters_that_no_step_refers_to_are_not_declared(example):
    example.change(PIPELINE, "selection", {"by": "test"})
    example.change(PIPELINE, "models", ["ridge"])
    fixed = {"instance_type": "ml.m5.large"}
    example.change(RIDGE, "image", {"uri": "own:1"})
    steps = {"fit": fixed, "evaluate": {}, "register": {"approval": "Approved"}}
    example.change(RIDGE, "steps", steps)
    declared = {item["Name"] for item in example.definition()["Parameters"]}
    absent = {
        "ImageUri", "MaxTrainingJobs", "MaxParallelTrainingJobs", "TrainingInstanceType",
        "ModelApprovalStatus",
    }  # fmt: skip
    assert not absent & declared
    assert {"Folds", "ProcessingInstanceType", "RoleArn"} <= declared


def test_the_code_of_a_model_outside_travels_under_its_name_and_its_changes_are_seen(example):
    for file in ("model.yaml", "model.py"):
        text = (example.root / "models/ridge" / file).read_text(encoding="utf-8")
        example.write(f"../far-away/model/{file}", text)
        (example.root / "models/ridge" / file).unlink()
    example.change("../far-away/model/model.yaml", "name", "far")
    example.change(PIPELINE, "models", ["boost", "../*/model"])
    first = example.compile()
    assert "models/far/model.py" in first.assets.model_trees["far"].files
    assert b"far-away" not in first.definition
    code = example.root / "../far-away/model/model.py"
    code.write_text(code.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    second = example.compile()
    assert second.definition != first.definition
    assert b"models/far/" not in second.definition


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
