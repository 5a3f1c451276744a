"""Every setting of the framework's steps is in the requests for them."""

from __future__ import annotations

import json

import pytest
import yaml
from configurations import CHURN, PRICES
from definitions import steps_of

pytestmark = pytest.mark.slow

URI = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def test_every_setting_is_in_the_requests(pipeline, example, repository):
    assert pipeline("import", repository / "churn/conf/conf.yaml").code == 0
    steps = {name: step["Arguments"] for name, step in steps_of(example.definition()).items()}
    clean = steps["CleanChurn"]
    assert clean["AppSpecification"] == {
        "ImageUri": f"{URI}/tools:1",
        "ContainerEntrypoint": ["python3", "-m", "models.churn.clean"],
    }
    assert clean["ProcessingResources"]["ClusterConfig"] == {
        "InstanceCount": 2,
        "InstanceType": "ml.c5.xlarge",
        "VolumeSizeInGB": 40,
    }
    assert clean["StoppingCondition"] == {"MaxRuntimeInSeconds": 120}
    assert clean["Tags"] == [{"Key": "team", "Value": "sales"}]
    assert clean["Environment"]["LEVEL"] == "3"
    inputs = {entry["InputName"]: entry["S3Input"] for entry in clean["ProcessingInputs"]}
    assert {name: entry["S3Uri"] for name, entry in inputs.items() if name != "code"} == {
        "customers": "s3://warehouse/churn/customers.csv",
        "contracts_2026": "s3://warehouse/churn/contracts.csv",
        "late": "s3://warehouse/churn/late/late.csv",
    }
    assert inputs["late"]["S3DataDistributionType"] == "ShardedByS3Key"
    outputs = clean["ProcessingOutputConfig"]["Outputs"]
    assert [output["OutputName"] for output in outputs] == ["train", "hold_out"]
    assert {output["S3Output"]["S3UploadMode"] for output in outputs} == {"Continuous"}
    train = steps["TrainingChurn"]
    own = {key: train["HyperParameters"][key] for key in ("trees", "rate", "kind", "centred")}
    assert own == {"trees": "40", "rate": "0.1", "kind": '"best"', "centred": "true"}
    assert train["StoppingCondition"] == {"MaxRuntimeInSeconds": 7200}
    assert train["ResourceConfig"]["VolumeSizeInGB"] == 32
    channels = {entry["ChannelName"]: entry for entry in train["InputDataConfig"]}
    assert [*channels] == ["train", "model", "test", "code"]
    sources = {name: entry["DataSource"]["S3DataSource"] for name, entry in channels.items()}
    assert sources["train"]["S3DataType"] == "ManifestFile", "the framework took the first alone"
    assert sources["test"]["S3Uri"] == "s3://warehouse/churn/c.csv", "and mixed channels up"
    assert sources["model"]["S3Uri"] == "s3://warehouse/earlier/model.tar.gz"
    assert channels["test"]["InputMode"] == "FastFile"
    assert channels["test"]["ContentType"] == "text/csv"
    transform = steps["TransformChurn"]
    assert transform["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] == (
        "s3://warehouse/churn/x_test.csv"
    )
    assert transform["BatchStrategy"] == "MultiRecord"
    assert transform["MaxPayloadInMB"] == 6
    assert transform["DataProcessing"] == {
        "InputFilter": "$[1:]",
        "OutputFilter": "$[0,-1]",
        "JoinSource": "Input",
    }
    assert transform["TransformOutput"]["AssembleWith"] == "Line"
    container = steps["CreateModelChurn"]["PrimaryContainer"]
    assert container["Image"] == f"{URI}/serve:3"
    assert container["Environment"]["SAGEMAKER_PROGRAM"] == "inference.py"
    package = steps["RegisterChurn"]
    assert package["ModelApprovalStatus"] == "Approved"
    assert package["ModelPackageDescription"] == "Who leaves"
    assert package["InferenceSpecification"]["SupportedContentTypes"] == [
        *("text/csv", "application/json")
    ]
    assert package["InferenceSpecification"]["SupportedTransformInstanceTypes"] == ["ml.m5.2xlarge"]


def test_a_chained_input_has_the_output_and_the_prefix_that_it_names(pipeline, example, repository):
    files = [repository / f"{name}/conf/conf.yaml" for name in ("components", "prices")]
    assert pipeline("import", *files).code == 0
    steps = {name: step["Arguments"] for name, step in steps_of(example.definition()).items()}
    clean = {
        entry["InputName"]: entry["S3Input"] for entry in steps["CleanPrices"]["ProcessingInputs"]
    }
    artefact = {"Get": "Steps.TrainingPcaModel.ModelArtifacts.S3ModelArtifacts"}
    assert clean["training_input_model"]["S3Uri"] == artefact
    source = steps["PredictPrices"]["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    output = "Steps.CleanPrices.ProcessingOutputConfig.Outputs['test'].S3Output.S3Uri"
    assert source["Std:Join"]["Values"] == [{"Get": output}, "/rows/x_test.csv"]
    score = {entry["InputName"] for entry in steps["ScorePrices"]["ProcessingInputs"]}
    assert score == {"code", "clean_test", "predict_output"}, "of Clean its own channel alone"
    fit = {entry["ChannelName"] for entry in steps["FitPrices"]["InputDataConfig"]}
    assert {"clean_train", "clean_test"} <= fit


def test_caching_is_what_the_framework_did_unless_it_was_asked_for(pipeline, example, repository):
    assert pipeline("import", repository / "churn/conf/conf.yaml").code == 0
    cached = {name: "CacheConfig" in step for name, step in steps_of(example.definition()).items()}
    expected = {"CleanChurn": False, "TrainingChurn": True, "TransformChurn": True}
    assert {name: cached[name] for name in expected} == expected
    assert not cached["MetricsChurn"], "off unless enable_cache says otherwise"


def test_seven_files_or_more_travel_as_one_manifest(pipeline, example, repository):
    document = yaml.safe_load(PRICES)
    files = [
        {"sourceName": f"f{number}", "fileName": f"s3://warehouse/{number}.csv"}
        for number in range(7)
    ]
    document["conf"]["models"]["prices"]["prepare"]["channels"]["train"]["dataFiles"] = files[:6]
    file = repository / "prices/conf/conf.yaml"
    components = repository / "components/conf/conf.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    assert pipeline("import", file, components).code == 0
    compiled = example.compile()
    (step,) = [
        one for one in json.loads(compiled.definition)["Steps"] if one["Name"] == "CleanPrices"
    ]
    inputs = {
        entry["InputName"]: entry["S3Input"] for entry in step["Arguments"]["ProcessingInputs"]
    }
    assert {*inputs} == {"code", "train", "training_input_model"}
    assert inputs["train"]["S3DataType"] == "ManifestFile"
    (manifest,) = [asset.files for asset in compiled.assets.manifests.values()]
    assert json.loads(manifest["files.manifest"]) == [
        {"prefix": "s3://warehouse/"},
        *(f"{number}.csv" for number in range(6)),
        "late.data",
    ]


def test_an_input_that_would_have_the_name_of_another_gets_its_own(pipeline, example, repository):
    text = CHURN.replace("sourceName: truth", "sourceName: transform_output")
    file = repository / "churn/conf/conf.yaml"
    file.write_text(text, encoding="utf-8")
    assert pipeline("import", file).code == 0
    step = steps_of(example.definition())["MetricsChurn"]["Arguments"]
    names = [entry["InputName"] for entry in step["ProcessingInputs"]]
    assert names == ["code", "transform_output", "transform_output_2"]
