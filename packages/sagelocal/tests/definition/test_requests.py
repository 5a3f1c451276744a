"""Requests are refused that lack what no job of their kind can do without."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from sagelocal import DefinitionError
from sagelocal.definition import parse_definition
from sagelocal.definition.requests import check_requests

GET = {"Get": "Parameters.Any"}


def place_name(path: str) -> str:
    """`Outputs.0.S3Output` as messages call it: `Outputs[0].S3Output`."""
    return re.sub(r"\.(\d+)", r"[\1]", path)


def check(kind: str, arguments: Any) -> None:
    document = {
        "Parameters": [{"Name": "Any", "Type": "String", "DefaultValue": ""}],
        "Steps": [{"Name": "S", "Type": kind, "Arguments": arguments}],
    }
    check_requests(parse_definition(json.dumps(document).encode()))


def requests(build) -> dict[str, Any]:
    places = {"inputs": {"in": "s3://bucket/in"}, "outputs": {"out": "s3://bucket/out"}}
    return {
        "Processing": build.processing_request("pass", **places),
        "Training": build.training_request(),
        "Tuning": build.tuning_request(),
        "Transform": {
            "ModelName": "model",
            "TransformInput": {"DataSource": {"S3DataSource": {"S3Uri": "s3://bucket/in"}}},
            "TransformOutput": {"S3OutputPath": "s3://bucket/out"},
        },
    }


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Processing", "AppSpecification"),
        ("Processing", "ProcessingResources"),
        ("Processing", "ProcessingResources.ClusterConfig"),
        ("Processing", "ProcessingInputs.0.InputName"),
        ("Processing", "ProcessingOutputConfig.Outputs.0.S3Output"),
        ("Training", "AlgorithmSpecification"),
        ("Training", "OutputDataConfig.S3OutputPath"),
        ("Training", "InputDataConfig.0.ChannelName"),
        ("Tuning", "HyperParameterTuningJobConfig.Strategy"),
        ("Tuning", "TrainingJobDefinition"),
        ("Tuning", "TrainingJobDefinition.InputDataConfig.0.DataSource"),
        ("Transform", "ModelName"),
        ("Transform", "TransformInput.DataSource"),
    ],
)
def test_a_member_may_be_an_expression_but_not_be_missing(build, kind: str, path: str) -> None:
    good = requests(build)[kind]
    check(kind, good)
    *way, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    request = copy.deepcopy(good)
    place = request
    for key in way:
        place = place[key]
    place[last] = GET
    check(kind, request)
    del place[last]
    with pytest.raises(DefinitionError, match=f"^Step S: {re.escape(place_name(path))} is missing"):
        check(kind, request)


@pytest.mark.parametrize("member", ["ProcessingInputs", "ProcessingOutputConfig"])
def test_lists_may_be_left_out(build, member: str) -> None:
    request = requests(build)["Processing"]
    del request[member]
    check("Processing", request)


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("ProcessingInputs", {"InputName": "in"}, "ProcessingInputs must be a list, got {'Inp"),
        ("ProcessingInputs", ["in"], r"ProcessingInputs\[0\] must be an object, got 'in'"),
        ("AppSpecification", None, "AppSpecification must be an object, got null"),
        ("ProcessingResources", 1, "ProcessingResources must be an object, got 1"),
        ("StoppingCondition", {"MaxRuntimeInSeconds": "x"}, "InSeconds must be a number, got 'x'"),
        ("Environment", {"A": []}, r"Environment.A must be text, a number or a boolean, got \[\]"),
    ],
)
def test_a_member_of_another_shape_is_named(build, member: str, value: Any, message: str) -> None:
    request = {**requests(build)["Processing"], member: value}
    with pytest.raises(DefinitionError, match=message):
        check("Processing", request)


@pytest.mark.parametrize(
    "expression",
    [
        {"Std:Join": {"On": ""}},
        {"Std:Join": {"On": "", "Values": "ab"}},
        {"Std:Join": {"Get": "Parameters.Any"}},
        {"Std:JsonGet": {"Path": "a"}},
        {"Std:JsonGet": {"PropertyFile": {"Get": "Parameters.Any"}, "Path": "a"}},
        {"Std:JsonGet": {"S3Uri": "s3://bucket/a.json", "Path": "a"}},
    ],
)
def test_an_expression_of_another_shape_is_refused_before_anything_runs(expression) -> None:
    (name,) = expression
    with pytest.raises(DefinitionError, match=f"^Step S: {name}"):
        check("Fail", {"ErrorMessage": ["in a list", expression]})


def test_what_an_expression_gives_is_checked_once_it_is_known(start, build) -> None:
    request = build.processing("Count", "pass", GET)
    rows = {"Name": "Any", "Type": "Integer", "DefaultValue": 3}
    record = start(request, declared=[rows])
    assert (record.status, record.failed_step) == ("Failed", "Count")
    assert record.failure_reason.startswith(
        "Step Count: AppSpecification.ContainerArguments[0] must be text, got 3."
    )
