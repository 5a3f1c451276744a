"""The longest names that are legal: they fit everywhere, or are refused with file and field."""

from __future__ import annotations

import json
import re
from functools import cache

import boto3
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.cloud.deployment import deployment_of
from pipelines.cloud.image import image_of
from pipelines.errors import UserError
from pipelines.project import Project
from pipelines.training import pipeline
from pipelines.training.checks import check_definition, definition_problems
from pipelines.training.checks.origins import FIELDS, find_origins

PIPELINE, RIDGE = "conf/pipeline.yaml", "models/ridge/model.yaml"
LONGEST = "a" + "-b" * 15 + "c"
LONGEST_BUCKET = "b" * 63
PROJECT_ID = "p-" + "x" * 13  # as SageMaker Projects makes them


@pytest.fixture(autouse=True)
def one_session(monkeypatch):
    """Making the SDK's session takes twenty times as long as all the rest."""
    monkeypatch.setattr(pipeline, "offline_session", cache(pipeline.offline_session))


@cache
def shape(service, name):
    """A shape of a service, as botocore ships it."""
    return ServiceModel(Loader().load_service_model(service, "service-2")).shape_for(name).metadata


def fits(value, limits):
    """Whether a text fits a shape, told without the code under test."""
    within = limits.get("min", 0) <= len(value) <= limits.get("max", len(value))
    return within and re.fullmatch(limits.get("pattern", "(?s).*"), value) is not None


def filled(value, values):
    """A request as SageMaker would make it: every expression replaced by the longest text."""
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    if not isinstance(value, dict):
        return value
    if {*value} == {"Std:Join"}:
        return "".join(str(filled(part, values)) for part in value["Std:Join"]["Values"])
    if {*value} == {"Get"}:
        kind, _, name = value["Get"].partition(".")
        if kind == "Parameters":
            return values[name]
        return f"s3://{LONGEST_BUCKET}/{LONGEST}/x" if name.endswith("S3Uri") else "x" * 12
    return {key: filled(item, values) for key, item in value.items()}


def uris(value):
    if isinstance(value, str) and value.startswith("s3://"):
        yield value
    for item in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    ):
        yield from uris(item)


def steps_of(steps):
    for step in steps:
        yield step
        for branch in ("IfSteps", "ElseSteps"):
            yield from steps_of(step["Arguments"].get(branch, []))


def assert_all_fits(definition):
    """Every name and key is within the limits, whatever bucket and account."""
    values = {one["Name"]: one.get("DefaultValue", "x") for one in definition["Parameters"]}
    values["Bucket"] = LONGEST_BUCKET
    for step in steps_of(definition["Steps"]):
        assert fits(step["Name"], shape("sagemaker", "StepName"))
        request = filled({k: v for k, v in step["Arguments"].items() if "Steps" not in k}, values)
        for uri in uris(request):
            assert fits(uri, shape("sagemaker", "S3Uri"))
            assert len(uri.split("/", 3)[3].encode()) <= 1024
        for argument in request.get("AppSpecification", {}).get("ContainerArguments", []):
            assert fits(argument, shape("sagemaker", "ContainerArgument"))
    for one in definition["Parameters"]:
        assert fits(one["Name"], shape("sagemaker", "PipelineParameterName"))


@pytest.mark.parametrize("name", [LONGEST, "a1c", "a--b"])
def test_what_is_called_after_the_project_is_within_the_limits_of_each_service(example, name):
    assert 3 <= len(name) <= 32
    example.change(PIPELINE, "name", name)
    project = Project(example.root)
    of_projects = {"SAGEMAKER_PROJECT_NAME": "n" * 32, "SAGEMAKER_PROJECT_ID": PROJECT_ID}
    for environment in ({}, of_projects):
        found = deployment_of(project, environment)
        assert fits(found.pipeline, shape("sagemaker", "PipelineName"))
        group = found.given.get("ModelPackageGroup", name)
        assert fits(group, shape("sagemaker", "EntityName"))
        assert fits(f"{found.pipeline}-doctor-{'f' * 8}", shape("sagemaker", "PipelineName"))
    for target in ("model", "jobs"):
        assert fits(image_of(project, target).repository, shape("ecr", "RepositoryName"))
    assert_all_fits(example.definition())


NAMES = st.integers(1, 32).map(lambda size: ("step_" * 7)[: size - 1] + "z")
MODEL = st.fixed_dictionaries(
    {
        "title": st.integers(1, 41).map("T".__mul__),
        "folder": st.integers(1, 200).map("m".__mul__),
        "steps": st.tuples(NAMES, NAMES, NAMES).filter(lambda names: len({*names}) == 3),
        "hyperparameter": st.sampled_from([1, 255, 256, 257]).map("h".__mul__),
        "value": st.sampled_from([1, 2498, 2499]).map("v".__mul__),
        "variable": st.sampled_from([1, 512, 513]).map("e".__mul__),
    }
)
PROJECT = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["abc", LONGEST, "z" * 32]),
        "database": st.sampled_from([1, 128, 129]).map("d".__mul__),
        "table": st.sampled_from([1, 128, 129]).map("t".__mul__),
        "workgroup": st.sampled_from([1, 128, 129]).map("w".__mul__),
        "version": st.sampled_from([1, 200, 201]).map("1".__mul__),
    }
)


def write(example, model, project):
    for field, value in project.items():
        example.change(PIPELINE, field if field == "name" else f"data.{field}", value)
    tune, fit, evaluate = model["steps"]
    content = {
        "title": model["title"],
        "image": "project",
        "hyperparameters": {"fixed": model["value"]},
        "tuning": {"ranges": {model["hyperparameter"]: {"type": "integer", "min": 1, "max": 2}}},
        "steps": {
            tune: {"class": "tune"},
            fit: {"class": "fit", "environment": {"E": model["variable"]}},
            evaluate: {"class": "evaluate"},
        },
    }
    for folder in (example.root / "models").iterdir():
        if folder.name != "boost":
            folder.rename(example.root / "models" / model["folder"])
    example.write(f"models/{model['folder']}/model.yaml", content)


@pytest.mark.slow
@settings(
    deadline=None,
    max_examples=80,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink such an example takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(model=MODEL, project=PROJECT)
def test_the_longest_names_fit_or_are_refused_with_file_and_field(example, model, project):
    write(example, model, project)
    try:
        loaded = example.load()
        definition = json.loads(pipeline.get_pipeline(example.root).definition())
        check_definition(definition, loaded)
    except UserError as error:
        rule, _ = str(error).splitlines()
        assert re.match(r"(conf/pipeline|models/m+/model)\.yaml: [\w.]+:? ", rule), rule
        assert is_too_long(model, project), rule
    else:
        assert not is_too_long(model, project)
        assert definition_problems(definition) == []
        assert_all_fits(definition)


def is_too_long(model, project):
    """Whether something is, by the limits as AWS's documents have them."""
    words = ["".join(word.title() for word in name.split("_")) for name in model["steps"]]
    return (
        len(model["title"]) > 40
        or max(len(word) for word in words) + len(model["title"]) > 64
        or len(model["hyperparameter"]) > 256
        or len(json.dumps(model["value"])) > 2500
        or len(model["variable"]) > 512
        or max(len(project[name]) for name in ("database", "table", "workgroup")) > 128
        or len(project["version"]) > 200
    )


LONG_RANGE = {"h" * 257: {"type": "integer", "min": 1, "max": 2}}
LONG_VALUES = {"h": {"type": "categorical", "values": ["x" * 255]}}
LONG_PARAMETER = {"parameter": "P" * 65, "default": 9.0}
USUAL = {"tune": None, "fit": None, "evaluate": None}
TUNED = "HyperParameterTuningJobConfig.ParameterRanges"
# What is planted: file, its fields and their values, and how the refusal begins.
FAULTS = {
    "a step's name": (
        *(RIDGE, {"steps": {"t" * 32: "tune", "fit": None}, "title": "T" * 40}),
        f"steps.{'t' * 32}: its name may be at most 64 characters, got 72: 'Ttt",
    ),
    "a hyperparameter's name": (
        *(RIDGE, {"tuning.ranges": LONG_RANGE}),
        f"steps.tune: {TUNED}.IntegerParameterRanges[0].Name may be at most 256 characters, got 25",
    ),
    "a value of a range": (
        *(RIDGE, {"tuning.ranges": LONG_VALUES}),
        f"steps.tune: {TUNED}.CategoricalParameterRanges[0].Values[0] may be at most 256 ",
    ),
    "a fixed hyperparameter": (
        *(RIDGE, {"hyperparameters": {"x": "y" * 2499}}),
        "steps.tune: TrainingJobDefinition.StaticHyperParameters.x may be at most 2500",
    ),
    "a variable": (
        *(RIDGE, {"steps": {**USUAL, "fit": {"environment": {"A": "x" * 513}}}}),
        "steps.fit: Environment.A may be at most 512 characters, got 513: 'xxx",
    ),
    "a group": (
        *(RIDGE, {"steps": {**USUAL, "register": {"group": "g" * 64}}}),
        "steps.register.group must match pattern ",
    ),
    "a title": (RIDGE, {"title": "T" * 41}, "title must have at most 40 characters, got 'TTT"),
    "a parameter's name": (
        *(RIDGE, {"tuning.ranges.strength.max": LONG_PARAMETER}),
        "tuning.ranges.strength.max.parameter must have at most 64 characters",
    ),
    "a version of the data": (
        *(PIPELINE, {"data.version": "1" * 201}),
        "data.version must have at most 200 characters, got '111",
    ),
    "a workgroup": (PIPELINE, {"data.workgroup": "w" * 129}, "data.workgroup must match pattern "),
    "an instance type": (
        *(PIPELINE, {"resources": {"training": {"instance_type": "ml.m5.huge"}}}),
        "resources.training.instance_type must be a value that SageMaker knows, such as ml.m5.",
    ),
    "a project's name": (PIPELINE, {"name": "a" * 33}, "name must have at most 32 characters, got"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_is_too_long_is_refused_with_file_and_field(example, fault):
    file, changes, start = fault
    for field, value in changes.items():
        example.change(file, field, value)
    with pytest.raises(UserError) as caught:
        example.compile()
    rule, _ = str(caught.value).splitlines()
    assert rule.startswith(f"{file}: {start}"), rule


def test_every_parameter_with_a_default_has_a_field(example):
    example.change(RIDGE, "tuning.ranges.strength.max", {"parameter": "Strongest", "default": 9.0})
    origins = find_origins(example.load())
    declared = [one["Name"] for one in example.definition()["Parameters"] if "DefaultValue" in one]
    assert {f"parameter {name}" for name in declared} <= {*origins}
    assert origins["parameter Strongest"] == f"{RIDGE}: tuning.ranges.strength.max"
    assert {*FIELDS} <= {*declared}


def test_a_pattern_is_checked_in_text_that_is_put_together(definition, parts_of):
    bucket = {"Get": "Parameters.Bucket"}
    for first, problems in (("s3://", 0), ("s4://", 1)):
        text = {"Std:Join": {"On": "", "Values": [first, bucket, "/x"]}}
        parts_of(definition).fit["OutputDataConfig"]["S3OutputPath"] = text
        assert len(definition_problems(definition)) == problems
    assert "FitRidge.OutputDataConfig.S3OutputPath must match" in definition_problems(definition)[0]


def test_a_joined_text_counts_what_its_parameters_have_by_default(definition, parts_of):
    parts = parts_of(definition)
    parts.parameters["Prefix"]["DefaultValue"] = "p" * 1023
    assert any("may have 1024 characters" in one for one in definition_problems(definition))


def test_a_definition_beyond_a_megabyte_is_refused(definition):
    step = {"Name": "Long", "Type": "Fail", "Arguments": {"ErrorMessage": "x" * 2**20}}
    definition["Steps"].append(step)
    (problem,) = definition_problems(definition)
    assert problem.startswith("the definition may be at most 1048576 characters, got 1")


def test_more_parameters_than_a_start_can_give_are_refused(definition, parts_of):
    names = [f"P{number}" for number in range(201)]
    definition["Parameters"] += [{"Name": n, "Type": "String", "DefaultValue": "1"} for n in names]
    parts_of(definition).fit["Environment"] |= {
        f"E{n}": {"Get": f"Parameters.{n}"} for n in names[:60]
    }
    problems = definition_problems(definition)
    assert any(one.startswith("the list of parameters may be at most 200 ") for one in problems)


def test_boto3_knows_the_shapes_that_names_are_held_to():
    client = boto3.client(
        "sagemaker", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    for name in ("StepName", "PipelineParameterName", "PipelineDefinition", "ParameterList"):
        assert client.meta.service_model.shape_for(name).metadata["max"]
