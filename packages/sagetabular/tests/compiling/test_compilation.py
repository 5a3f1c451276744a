"""The content of a definition, and what it must not have."""

from __future__ import annotations

import json
import re

import pytest

from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.errors import UserError
from sagetabular.settings import load_project

PIPELINE = "conf/pipeline.yaml"


def texts(value):
    """Every text in a JSON document, keys too."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


def test_the_project_as_it_stands_compiles(project_root):
    settings = load_project(project_root)
    definition = json.loads(compile_pipeline(settings).definition)
    names = {step["Name"] for step in definition["Steps"]}
    for model in settings.models.values():
        assert {f"Tune{model.title}", f"Fit{model.title}", f"Evaluate{model.title}"} <= names
    assert str(project_root) not in json.dumps(definition)


def test_values_of_the_account_have_no_default(definition):
    without = {item["Name"] for item in definition["Parameters"] if "DefaultValue" not in item}
    assert without == {
        *("RoleArn", "Bucket", "ImageUri", "JobsImageUri", "Commit", "QueryUri", "TrackingUri")
    }
    every_text = [*texts(definition)]
    assert not [text for text in every_text if "arn:" in text]
    buckets = [text for text in every_text if text.startswith("s3://")]
    assert set(buckets) == {"s3://"}, "the rest of each address is a parameter"
    accounts = [text for text in every_text if re.search(r"\b\d{12}\b", text)]  # no hash
    assert all(".dkr.ecr.eu-west-1.amazonaws.com/" in text for text in accounts)


def test_the_definition_names_no_folder_user_or_date_of_this_machine(definition, compiled):
    every_text = [*texts(definition)]
    paths = [text for text in every_text if re.match(r"/\w", text)]
    beside_s3 = [text for text in paths if not re.match(r"/(code|settings|executions)/", text)]
    ends = {"/output/model.tar.gz", "/evaluation.json", "/selection.json", "/summary.json"}
    ends |= {"/statistics.json", "/constraints.json"}
    jobs = {"/ingest", "/select", "/preprocess", "/tune", "/fit", "/evaluate", "/track"}
    for path in beside_s3:
        assert path.startswith("/opt/ml/") or path in ends or f"/{path.split('/')[1]}" in jobs, path
    dates = re.findall(rb"\d{4}-\d{2}-\d{2}", compiled.definition)
    assert dates == [b"2020-12-01"], "the version of the definition's format"


def test_the_definition_is_strict_json_that_ends_with_its_line(compiled):
    def refuse(constant):
        raise AssertionError(constant)

    document = json.loads(compiled.definition, parse_constant=refuse)
    assert compiled.definition == json.dumps(document, indent=1).encode() + b"\n"


def test_what_a_parameter_carries_changes_its_default_and_nothing_else(example, definition):
    example.change(PIPELINE, "split.folds", 7)
    after = example.definition()
    assert after["Steps"] == definition["Steps"]
    defaults = {item["Name"]: item.get("DefaultValue") for item in after["Parameters"]}
    before = {item["Name"]: item.get("DefaultValue") for item in definition["Parameters"]}
    assert {name for name in defaults if defaults[name] != before[name]} == {"Folds"}
    assert defaults["Folds"] == 7


def test_the_order_of_the_models_is_that_of_the_settings(example, definition):
    def ranked(document):
        (select,) = [step for step in document["Steps"] if step["Name"] == "Select"]
        return select["Arguments"]["AppSpecification"]["ContainerArguments"][-2:]

    assert ranked(definition) == ["boost", "ridge"]
    example.change(PIPELINE, "models", ["ridge", "boost"])
    assert ranked(example.definition()) == ["ridge", "boost"]


@pytest.mark.parametrize(("model", "undeclared"), [("boost", {"ImageUri"}), ("ridge", set())])
def test_a_parameter_that_no_model_uses_is_not_declared(example, definition, model, undeclared):
    example.change(PIPELINE, "models", [model])
    declared = {item["Name"] for item in definition["Parameters"]}
    left = {item["Name"] for item in example.definition()["Parameters"]}
    assert declared - left == undeclared


def test_a_grid_counts_its_trials_itself(example):
    grid = {"strategy": "Grid", "ranges": {"booster": {"type": "categorical", "values": ["a"]}}}
    for model in ("ridge", "boost"):
        example.change(f"models/{model}/model.yaml", "tuning", grid)
    definition = example.definition()
    assert "MaxTrainingJobs" not in {item["Name"] for item in definition["Parameters"]}
    for step in definition["Steps"]:
        if step["Type"] == "Tuning":
            limits = step["Arguments"]["HyperParameterTuningJobConfig"]["ResourceLimits"]
            assert [*limits] == ["MaxParallelTrainingJobs"]


@pytest.mark.parametrize(
    ("file", "field", "value", "rule"),
    [
        (
            *("models/boost/model.yaml", "image.version", "9.9-9"),
            "models/boost/model.yaml: image.version must be one that exists in eu-west-1, got",
        ),
        (
            *("conf/aws.yaml", "region", "eu-nowhere-1"),
            "models/boost/model.yaml: image.version must be one that exists in eu-nowhere-1, got",
        ),
        (
            *(PIPELINE, "resources.training.instance_type", "ml.m5.enormous"),
            "conf/pipeline.yaml: resources.training.instance_type must be a value that Sage",
        ),
        (
            *("models/ridge/model.yaml", "hyperparameters.note", "x" * 2501),
            "models/ridge/model.yaml: steps.tune: TrainingJobDefinition.StaticHyperParameters.note",
        ),
        (
            *(PIPELINE, "data.workgroup", "x" * 300),
            "conf/pipeline.yaml: data.workgroup must match pattern ",
        ),
    ],
)
def test_what_the_service_would_refuse_is_refused_in_two_lines(example, file, field, value, rule):
    example.change(file, field, value)
    with pytest.raises(UserError) as caught:
        example.compile()
    found, remedy = str(caught.value).splitlines()
    assert found.startswith(rule)
    assert remedy.startswith("Correct ")


@pytest.mark.parametrize(
    ("of_all", "of_ridge", "expected"),
    [
        (None, None, {"TuneRidge": "Off", "TuneBoost": "Off"}),
        ("auto", None, {"TuneRidge": "Auto", "TuneBoost": "Auto"}),
        ("auto", False, {"TuneRidge": "Off", "TuneBoost": "Auto"}),  # `off`, as YAML reads it
        (False, "auto", {"TuneRidge": "Auto", "TuneBoost": "Off"}),
    ],
)
def test_early_stopping_is_asked_for_by_the_model_or_else_by_the_project(
    example, of_all, of_ridge, expected
):
    if of_all is not None:
        example.change(PIPELINE, "tuning", {"early_stopping": of_all})
    if of_ridge is not None:
        example.change("models/ridge/model.yaml", "tuning.early_stopping", of_ridge)
    steps = {step["Name"]: step["Arguments"] for step in example.definition()["Steps"]}
    key = "HyperParameterTuningJobConfig"
    asked = {name: steps[name][key]["TrainingJobEarlyStoppingType"] for name in expected}
    assert asked == expected
