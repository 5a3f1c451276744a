"""The longest names that are legal: they fit everywhere, or are refused with file and field."""

from __future__ import annotations

import pytest
from limits import LONGEST, PIPELINE, RIDGE, assert_all_fits, fits, shape

from sagetabular.aws.deployment import deployment_of
from sagetabular.aws.images.building import image_of
from sagetabular.compiling.checks.origins import FIELDS, find_origins
from sagetabular.errors import UserError
from sagetabular.project import Project

PROJECT_ID = "p-" + "x" * 13  # as SageMaker Projects makes them


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
