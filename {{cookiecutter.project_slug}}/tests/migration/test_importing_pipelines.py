"""System 002's configurations become the steps and edges that they describe."""

from __future__ import annotations

import itertools
import json
import re

import pytest
import yaml
from configurations import CHURN, COMPONENTS, PRICES

pytestmark = pytest.mark.slow

URI = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
CHURN_NAMES = {
    "churn-Clean": "CleanChurn",
    "churn-Training": "TrainingChurn",
    "churn-CreateModel": "CreateModelChurn",
    "churn-Transform": "TransformChurn",
    "churn-Metrics": "MetricsChurn",
    "churn-Register": "RegisterChurn",
}
HOUSE_NAMES = {
    "pca-model-Preprocess": "PreprocessStepPcaModel",
    "pca-model-Training": "TrainingPcaModel",
    "pca-model-Register": "RegisterPcaModel",
    "Clean": "CleanPrices",
    "Fit": "FitPrices",
    "Create": "CreatePrices",
    "Predict": "PredictPrices",
    "Score": "ScorePrices",
    "Publish": "PublishPrices",
}
# Written by hand from COMPONENTS and PRICES: chained inputs, artefacts and models that a step
# takes, and the lines of `dependencies`.
HOUSE_EDGES = {
    ("PreprocessStepPcaModel", "TrainingPcaModel"),
    ("TrainingPcaModel", "RegisterPcaModel"),
    ("TrainingPcaModel", "CleanPrices"),
    ("CleanPrices", "FitPrices"),
    ("FitPrices", "CreatePrices"),
    ("CreatePrices", "PredictPrices"),
    ("CleanPrices", "PredictPrices"),
    ("PredictPrices", "ScorePrices"),
    ("CleanPrices", "ScorePrices"),
    ("ScorePrices", "PublishPrices"),
    ("FitPrices", "PublishPrices"),
    ("RegisterPcaModel", "PublishPrices"),
}


def edges_of(definition, names):
    """Pairs of steps, of which the second refers to, or depends on, the first."""
    steps = {step["Name"]: step for step in definition["Steps"] if step["Name"] in names}
    return {
        (before, after)
        for before in steps
        for after, step in steps.items()
        if f'"Steps.{before}.' in json.dumps(step) or before in step.get("DependsOn", [])
    }


def edges_asked_for(names, *texts):
    """The same, read from the configuration by splitting its lines."""
    pipeline = next(
        found for text in texts if (found := yaml.safe_load(text)["conf"].get("sagemakerPipeline"))
    )
    found = set()
    for unit in pipeline["models"].values():
        last = {}
        for step in unit["steps"]:
            name, kind = step["step_name"], step["step_class"]
            chained = step.get("chain_input_source_step", [])
            for source in [chained] if isinstance(chained, str) else chained:
                found.add((source, name))
            needed = {"CreateModel": "Training", "RegisterModel": "Training"}
            needed["Transform"] = "CreateModel"
            if kind in needed:
                found.add((last[needed[kind]], name))
            last[kind] = name
    for line in pipeline["dependencies"]:
        groups = [re.findall(r"[\w-]+", group) for group in line.split(">>")]
        for before, after in itertools.pairwise(groups):
            found |= set(itertools.product(before, after))
    return {(names[before], names[after]) for before, after in found}


def steps_of(example):
    return {step["Name"]: step for step in example.definition()["Steps"]}


def test_a_pipeline_of_one_model_has_its_steps_and_edges(pipeline, example, repository):
    ended = pipeline("import", repository / "churn/conf/conf.yaml")
    assert (ended.code, ended.err) == (0, "")
    names = {*CHURN_NAMES.values()}
    assert names <= {*steps_of(example)}
    found = edges_of(example.definition(), names)
    assert found == edges_asked_for(CHURN_NAMES, CHURN)
    assert ("CleanChurn", "TrainingChurn") in found
    for before, after in CHURN_NAMES.items():
        assert f"'{before}' is churn." in ended.out
        assert f", {after} in SageMaker." in ended.out


@pytest.mark.parametrize("order", [1, -1])
def test_a_pipeline_of_two_models_has_the_edges_between_them(pipeline, example, repository, order):
    files = [repository / f"{name}/conf/conf.yaml" for name in ("components", "prices")]
    ended = pipeline("import", *files[::order])
    assert (ended.code, ended.err) == (0, "")
    definition = example.definition()
    found = edges_of(definition, {*HOUSE_NAMES.values()})
    assert found == HOUSE_EDGES
    assert found == edges_asked_for(HOUSE_NAMES, COMPONENTS, PRICES)
    units = {name for name in steps_of(example) if name.endswith(("PcaModel", "Prices"))}
    assert units == {*HOUSE_NAMES.values()}


def test_every_setting_is_in_the_requests(pipeline, example, repository):
    assert pipeline("import", repository / "churn/conf/conf.yaml").code == 0
    steps = {name: step["Arguments"] for name, step in steps_of(example).items()}
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
    steps = {name: step["Arguments"] for name, step in steps_of(example).items()}
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
    cached = {name: "CacheConfig" in step for name, step in steps_of(example).items()}
    expected = {"CleanChurn": False, "TrainingChurn": True, "TransformChurn": True}
    assert {name: cached[name] for name in expected} == expected
    assert not cached["MetricsChurn"], "off unless enable_cache says otherwise"


def test_programs_come_along_and_what_does_not_is_listed(pipeline, example, repository):
    ended = pipeline("import", repository / "churn/conf/conf.yaml")
    programs = {"clean.py", "helper.py", "score.py", "fitting/train.py"}
    for name in programs:
        before = (repository / "churn/code" / name).read_bytes()
        assert (example.root / "models/churn" / name).read_bytes() == before
        assert f"Wrote models/churn/{name}\n" in ended.out
    dropped = re.findall(r"^\S+: (\S+) is not carried over: .+\.$", ended.out, re.MULTILINE)
    model = "conf.models.churn"
    assert sorted(dropped) == sorted(
        [
            *(f"{model}.{name}" for name in ("name", "tune", "surprise", "train.output_path")),
            *(f"{model}.clean.{name}" for name in ("base_job_name", "framework_version")),
            *(f"{model}.transform.{name}" for name in ("image_uri", "volume_size")),
            f"{model}.evaluate.strategy",
            f"{model}.source_directory.requirements.txt",
            "conf.sagemakerPipeline.pipelineName",
            "conf.sagemakerPipeline.models.churn.steps.5.enable_cache",
        ]
    )
    assert "clean.py imports 'helper', which lies in its model's package now." in ended.out
    assert "steps.5 registers no metrics" in ended.out


def test_every_key_of_a_configuration_is_carried_over_or_listed(pipeline, example, repository):
    """A new key anywhere is told, with its place."""
    document = yaml.safe_load(CHURN)

    def with_keys(value, path):
        if isinstance(value, dict):
            open_place = path and path[-1] in ("models", "channels", "env", "hyperparams", "tags")
            for key in [*value]:
                with_keys(value[key], [*path, str(key)])
            if not open_place and path[-1:] != ["churn"] and value and "Key" not in value:
                value["novelty"] = 1
                expected.add(".".join([*path, "novelty"]))
        elif isinstance(value, list):
            for number, item in enumerate(value):
                with_keys(item, [*path, str(number)])

    expected = set()
    with_keys(document, [])
    file = repository / "churn/conf/conf.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    ended = pipeline("import", file)
    assert ended.code == 0, ended
    told = set(re.findall(r"^\S+: (\S*novelty) is not carried over", ended.out, re.MULTILINE))
    # Below a block that no step uses, the block is told.
    assert told == {place for place in expected if ".tune." not in place}
    assert len(told) > 20


def test_the_account_becomes_declared_settings(pipeline, project_root, repository, monkeypatch):
    for name in ("SMP_ROLE", "SMP_SUBNETS", "SMP_SECURITYGROUPS"):
        monkeypatch.delenv(name, raising=False)
    before = (project_root / "conf/aws.yaml").read_text()
    files = [repository / f"{name}/conf/conf.yaml" for name in ("churn", "framework")]
    ended = pipeline("import", *files, folder=project_root)
    assert (ended.code, ended.err) == (0, "")
    after = (project_root / "conf/aws.yaml").read_text()
    expected = before.replace("RoleArn: SAGEMAKER_PIPELINE_ROLE_ARN", 'RoleArn: "SMP_ROLE"')
    assert after == expected.replace("Bucket: ARTIFACT_BUCKET", 'Bucket: "SMP_S3BUCKETNAME"')
    for field in ("subnets", "security_groups_id"):
        assert f"sagemakerNetworkSecurity.{field} is not carried over" in ended.out
    assert "conf.applicationName is not carried over" in ended.out


def test_network_and_key_are_those_of_all_jobs(pipeline, project_root, repository, monkeypatch):
    monkeypatch.setenv("SMP_SUBNETS", "subnet-0a, subnet-0b")
    monkeypatch.setenv("SMP_SECURITYGROUPS", "sg-0a")
    file = repository / "framework/conf/conf.yaml"
    file.write_text(file.read_text() + "    kms_key: SMP_KMSKEY\n", encoding="utf-8")
    ended = pipeline("import", repository / "churn/conf/conf.yaml", file, folder=project_root)
    assert (ended.code, ended.err) == (0, "")
    settings = yaml.safe_load((project_root / "conf/aws.yaml").read_text())
    network = {"subnets": ["subnet-0a", "subnet-0b"], "security_groups": ["sg-0a"]}
    assert settings["network"] == network
    assert settings["encryption"] == {"volume_key": "SMP_KMSKEY", "output_key": "SMP_KMSKEY"}
    assert "All jobs are cut off from the network" in ended.out
    definition = pipeline("compile", folder=project_root).out
    training = next(
        step for step in json.loads(definition)["Steps"] if step["Name"] == "TrainingChurn"
    )
    vpc = training["Arguments"]["VpcConfig"]
    assert vpc == {"Subnets": network["subnets"], "SecurityGroupIds": ["sg-0a"]}


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


def test_what_the_framework_passed_over_in_silence_is_listed(pipeline, example, repository):
    """Settings that its own code did not read, or that something else overrules."""
    changes = [
        ("step_class: CreateModel}", "step_class: CreateModel, chain_input_source_step: [Clean]}"),
        ("step_class: Metrics", "step_class: Metrics\n            step_type: prepare"),
        ("{test: }", '{test: {s3BucketName: lake, dataFiles: [{fileName: "s3://lake/x.csv"}]}}'),
        ("[Clean, Predict]", "[Clean, Predict]\n            chain_input_additional_prefix: part"),
        ('ModelRepack: "False"', 'ModelRepack: "True"'),
    ]
    text = PRICES
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    file = repository / "prices/conf/conf.yaml"
    file.write_text(text, encoding="utf-8")
    ended = pipeline("import", file, repository / "components/conf/conf.yaml")
    assert (ended.code, ended.err) == (0, "")
    steps = "conf.sagemakerPipeline.models.prices.steps"
    for remark in (
        f"{steps}.2.chain_input_source_step is not carried over: the step takes the model of",
        f"{steps}.4.step_type is not carried over: a Metrics step has the settings 'evaluate'",
        f"{steps}.4.chain_input_additional_prefix is not carried over",
        "models.prices.transform.channels is not carried over: the chained input is what is",
        "models.prices.transform.channels.test has a bucket that no file needs",
        "registry.ModelRepack is not carried over: prices.create serves the artefact as training",
        "registry.ModelRepack is not carried over: prices.publish serves the artefact as training",
        "wrote it, without 'inference.py'.",
    ):
        assert remark in ended.out


def test_an_input_that_would_have_the_name_of_another_gets_its_own(pipeline, example, repository):
    text = CHURN.replace("sourceName: truth", "sourceName: transform_output")
    file = repository / "churn/conf/conf.yaml"
    file.write_text(text, encoding="utf-8")
    assert pipeline("import", file).code == 0
    step = steps_of(example)["MetricsChurn"]["Arguments"]
    names = [entry["InputName"] for entry in step["ProcessingInputs"]]
    assert names == ["code", "transform_output", "transform_output_2"]


def test_programs_are_found_in_the_repository_that_is_named(
    pipeline, example, repository, tmp_path, monkeypatch
):
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "conf.yaml").write_text(CHURN, encoding="utf-8")
    rule, remedy = pipeline("import", alone / "conf.yaml").mistake
    assert "source_directory names no folder: 'churn/code'" in rule
    assert remedy == "Check out the repository, and name its folder with --source."
    ended = pipeline("import", alone / "conf.yaml", "--source", repository, "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    text = CHURN.replace("      source_directory: churn/code\n", "")
    (alone / "conf.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("SMP_SOURCE_DIR_PATH", str(repository / "churn/code"))
    assert pipeline("import", alone / "conf.yaml").code == 0
    assert (example.root / "models/churn/fitting/train.py").is_file()
