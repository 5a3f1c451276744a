"""Requests: what may be left out or null, and what is only known once a step begins."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from building import ROLE

from sagelocal import DefinitionError
from sagelocal.definition import parse_definition
from sagelocal.definition.requests import check_requests

GET = {"Get": "Parameters.Any"}


def check(kind: str, arguments: Any) -> None:
    document = {
        "Parameters": [{"Name": "Any", "Type": "String", "DefaultValue": ""}],
        "Steps": [{"Name": "S", "Type": kind, "Arguments": arguments}],
    }
    check_requests(parse_definition(json.dumps(document).encode()))


def requests(build) -> dict[str, Any]:
    places = {"inputs": {"in": "s3://bucket/in"}, "outputs": {"out": "s3://bucket/out"}}
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}
    return {
        "Processing": build.processing_request("pass", **places),
        "Training": build.training_request(),
        "Tuning": build.tuning_request(),
        "Model": {"PrimaryContainer": {"Image": "image"}, "ExecutionRoleArn": ROLE},
        "RegisterModel": {"ModelPackageGroupName": "group"},
        "Transform": {
            "ModelName": "model",
            "TransformInput": {"DataSource": {"S3DataSource": source}},
            "TransformOutput": {"S3OutputPath": "s3://bucket/out"},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        },
    }


KINDS = ["Processing", "Training", "Tuning", "Model", "RegisterModel", "Transform"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_that_the_api_takes_is_taken(build, kind: str) -> None:
    check(kind, requests(build)[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_no_member_is_invented(build, kind: str) -> None:
    with pytest.raises(DefinitionError, match="^Step S: Extra is not a member of Create"):
        check(kind, {**requests(build)[kind], "Extra": 1})


@pytest.mark.parametrize("member", ["ProcessingInputs", "ProcessingOutputConfig", "Environment"])
@pytest.mark.parametrize("null", [True, False])
def test_what_is_optional_may_be_left_out_or_null(build, member: str, null: bool) -> None:
    """AWS JSON takes a null member as one that is not there."""
    request = copy.deepcopy(requests(build)["Processing"])
    if null:
        request[member] = None
    else:
        request.pop(member, None)
    check("Processing", request)


def test_a_step_with_nulls_runs_as_without_them(start, build) -> None:
    step = build.processing("Count", Environment=None, ProcessingInputs=None, NetworkConfig=None)
    record = start(step)
    assert record.status == "Succeeded"
    assert "Environment" not in record.steps["Count"].arguments


@pytest.mark.parametrize(
    "expression",
    [
        {"Std:Join": {"On": ""}},
        {"Std:Join": {"On": "", "Values": "ab"}},
        {"Std:Join": {"On": 1, "Values": []}},
        {"Std:Join": {"On": "", "Values": [], "Separator": ""}},
        {"Std:Join": {"On": "", "Values": [["a"]]}},
        {"Std:Join": {"Get": "Parameters.Any"}},
        {"Std:JsonGet": {"Path": "a"}},
        {"Std:JsonGet": {"PropertyFile": {"Get": "Parameters.Any"}, "Path": "a"}},
        {"Std:JsonGet": {"S3Uri": ["s3://bucket/a.json"], "Path": "a"}},
        {"Std:JsonGet": {"S3Uri": "s3://bucket/a.json", "Path": "$..a"}},
        {"Std:JsonGet": {"S3Uri": "s3://bucket/a.json", "Path": "$.a[*].b"}},
        {"Std:JsonGet": {"S3Uri": "s3://bucket/a.json", "Path": "$.a[?(@.b > 1)]"}},
        {"Std:JsonGet": {"S3Uri": "s3://bucket/a.json", "Path": "$.a[0:2]"}},
        {"Std:JsonGet": {"S3Uri": "s3://bucket/a.json", "Path": {"Get": "Parameters.Any"}}},
    ],
)
def test_an_expression_of_another_shape_is_refused_before_anything_runs(expression) -> None:
    (name,) = expression
    with pytest.raises(DefinitionError, match=f"^Step S: {name}"):
        check("Fail", {"ErrorMessage": {"Std:Join": {"On": "", "Values": ["a", expression]}}})


def test_what_an_expression_gives_is_checked_once_it_is_known(start, build) -> None:
    """ProcessingInstanceCount is 1 to 100 in the API; nothing of that job runs."""
    step = build.processing("Count")
    step["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = GET
    hosts = {"Name": "Any", "Type": "Integer", "DefaultValue": 101}
    record = start(step, declared=[hosts])
    assert (record.status, record.failed_step) == ("Failed", "Count")
    assert record.failure_reason.startswith(
        "Step Count: ProcessingResources.ClusterConfig.InstanceCount may be at most 100, got 101"
    )
    assert record.log_files("Count") == []


def test_names_that_an_earlier_step_answered_may_be_longer_than_on_the_service(
    start, build, sagemaker
) -> None:
    """HyperParameterTuningJobName has 32 characters in the API; names of jobs here have more."""
    build.put_code(sagemaker.storage, fit="print('cv:r2=0.5;')")
    first = {"Name": "First", "Type": "Tuning", "Arguments": build.tuning_request(1, 1)}
    parents = [{"HyperParameterTuningJobName": {"Get": "Steps.First.HyperParameterTuningJobName"}}]
    request = build.tuning_request(1, 1) | {
        "WarmStartConfig": {
            "WarmStartType": "TransferLearning",
            "ParentHyperParameterTuningJobs": parents,
        }
    }
    record = start(first, {"Name": "Second", "Type": "Tuning", "Arguments": request})
    assert record.status == "Succeeded", record.failure_reason
    parents[0] = {"HyperParameterTuningJobName": "x" * 33}
    with pytest.raises(DefinitionError, match="may be at most 32 characters, got 33"):
        start(first, {"Name": "Second", "Type": "Tuning", "Arguments": request})


def test_what_a_property_file_holds_is_checked(start, build) -> None:
    """The API's ContainerArgument is text of 256 characters."""
    code = (
        "import os, pathlib; folder = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR']);"
        "(folder / 'processing/output/out/n.json').write_text('{\"n\": 5}')"
    )
    file = {"PropertyFileName": "Counted", "OutputName": "out", "FilePath": "n.json"}
    count = build.processing("Count", code, outputs={"out": "s3://bucket/out"})
    value = {
        "Std:JsonGet": {"PropertyFile": {"Get": "Steps.Count.PropertyFiles.Counted"}, "Path": "n"}
    }
    record = start({**count, "PropertyFiles": [file]}, build.processing("Read", "pass", value))
    assert record.failed_step == "Read"
    assert "ContainerArguments[0] must be text, got 5." in record.failure_reason


@pytest.mark.parametrize("kind", ["Processing", "Transform"])
def test_a_job_without_a_program_is_refused_before_anything_runs(
    start, build, sagemaker, kind: str
) -> None:
    request = requests(build)[kind]
    if kind == "Processing":
        del request["AppSpecification"]["ContainerEntrypoint"]
    with pytest.raises(DefinitionError) as caught:
        start(build.processing("First"), {"Name": "S", "Type": kind, "Arguments": request})
    assert "ContainerEntrypoint is missing" in str(caught.value) or "--serve" in str(caught.value)
    assert sagemaker.executions() == []
