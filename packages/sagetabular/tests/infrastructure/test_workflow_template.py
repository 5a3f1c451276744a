"""workflow.yaml: settings keep their types, every state is reached, every call is guarded.

Limits of names are those of AWS's API references: CreateStateMachine, CreateFunction, PutParameter,
CreateTable, CreateLogGroup, PutRule, CreateModel.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any
from unittest.mock import create_autospec

import botocore.session
import pytest
from long_names import PROJECT, STAGE, of_type, rendered, template

from sagetabular.aws.s3 import Bucket
from sagetabular.aws.usual import store_usual_values

LIMITS = {
    "StateMachineName": 80,
    "FunctionName": 64,
    "TableName": 255,
    "LogGroupName": 512,
    "Name": 64,
}
OF_SAGEMAKER = 63
SUBJECT = 100
# What an error of a call may do besides failing: these have a way of their own.
OWN_WAYS = {"DynamoDB.ConditionalCheckFailedException", "S3.NoSuchKeyException"}
OWN_WAYS |= {"Sfn.ExecutionDoesNotExistException"}
OWN_WAYS |= {"ApplicationAutoScaling.ObjectNotFoundException"}


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    """The template with default values."""
    found: dict[str, Any] = rendered("workflow", NoticeTopicArn="arn")["Resources"]
    return found


@pytest.fixture(scope="module")
def states(resources: dict[str, Any]) -> dict[str, Any]:
    """The states by their names."""
    found: dict[str, Any] = resources["Workflow"]["Properties"]["Definition"]["States"]
    return found


def settings(**parameters: str) -> dict[str, Any]:
    """Return the settings as the state machine reads them."""
    made = rendered("workflow", NoticeTopicArn="arn", **parameters)["Resources"]
    found: dict[str, Any] = json.loads(made["Settings"]["Properties"]["Value"])
    return found


def followers(state: dict[str, Any]) -> set[str]:
    """Return the states that may come after one."""
    choices, catches = state.get("Choices", []), state.get("Catch", [])
    entries = [state, *choices, *catches]
    return {entry["Next"] for entry in entries if "Next" in entry} | {
        state[key] for key in ("Default",) if key in state
    }


@pytest.mark.parametrize("text", ["true", "false"])
def test_true_and_false_stay_what_they_are(text: str) -> None:
    """Row 62: system 003 made `bool("False")` of it, which is true."""
    made = settings(Autoscaling=text, ScaleIn=text, EncryptVolumes=text)
    assert made["Autoscaling"] is made["EncryptVolumes"] is (text == "true")
    assert made["DisableScaleIn"] is (text == "false")


def test_settings_are_typed_and_have_the_values_of_system_003() -> None:
    assert settings() == {
        "Package": "approved",
        "PipelineParameters": [],
        "PollSeconds": 60,
        "PipelineTimeoutSeconds": 86400,
        "EndpointTimeoutSeconds": 3600,
        "InstanceType": "ml.m5.large",
        "InitialInstances": 1,
        "EncryptVolumes": True,
        "Autoscaling": True,
        "MinInstances": 1,
        "MaxInstances": 4,
        "InvocationsPerInstance": 5000,
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 300,
        "DisableScaleIn": False,
        "VpcConfig": {},
    }


def test_a_vpc_is_a_setting() -> None:
    vpc = settings(SecurityGroups="sg-1,sg-2", Subnets="subnet-1")["VpcConfig"]
    assert vpc == {"SecurityGroupIds": ["sg-1", "sg-2"], "Subnets": ["subnet-1"]}


def test_settings_fit_into_a_parameter() -> None:
    """Parameter Store's standard tier holds 4 KB."""
    many = ",".join(["subnet-0123456789abcdef0"] * 16)
    assert len(json.dumps(settings(Subnets=many, SecurityGroups=many), indent=2)) < 4096


def test_every_state_is_reached_and_leads_to_an_end(
    resources: dict[str, Any], states: dict[str, Any]
) -> None:
    start = resources["Workflow"]["Properties"]["Definition"]["StartAt"]
    reached, ahead = {start}, [start]
    while ahead:
        new = followers(states[ahead.pop()]) - reached
        reached |= new
        ahead += new
    assert reached == {*states}
    ends = {name for name, state in states.items() if not followers(state)}
    assert ends == {"Done", "Failed"}


def test_every_call_is_repeated_caught_and_limited(states: dict[str, Any]) -> None:
    tasks = {name: state for name, state in states.items() if state["Type"] == "Task"}
    assert len(tasks) > 20
    for name, state in tasks.items():
        assert any(retry.get("MaxAttempts", 3) for retry in state["Retry"]), name
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name
        assert state["TimeoutSeconds"] <= 330, name
        waits = [retry["BackoffRate"] for retry in state["Retry"] if "BackoffRate" in retry]
        assert all(rate >= 1 for rate in waits), name


def test_what_is_caught_by_name_is_not_repeated(states: dict[str, Any]) -> None:
    """A condition that does not hold is an answer, no fault."""
    for name, state in states.items():
        named = {error for catch in state.get("Catch", []) for error in catch["ErrorEquals"]}
        assert named - {"States.ALL"} <= OWN_WAYS, name
        for error in named - {"States.ALL"}:
            assert state["Retry"][0] == {"ErrorEquals": [error], "MaxAttempts": 0}, name


def test_calls_that_may_lack_room_wait_for_it(states: dict[str, Any]) -> None:
    """Row 68: those that SageMaker's API reference lists ResourceLimitExceeded for."""
    started = {"startPipelineExecution", "createModel", "createEndpointConfig", "createEndpoint"}
    started |= {"updateEndpoint"}
    found = {
        state["Resource"].rsplit(":", 1)[-1]
        for state in states.values()
        for retry in state.get("Retry", [])
        if retry["ErrorEquals"] == ["SageMaker.ResourceLimitExceededException"]
    }
    assert found == started


def test_it_reads_what_upsert_leaves(resources: dict[str, Any], states: dict[str, Any]) -> None:
    bucket = create_autospec(Bucket, instance=True)
    names = resources["Workflow"]["Properties"]["DefinitionSubstitutions"]
    store_usual_values(bucket, names["Pipeline"], {"ImageUri": "image", "Commit": "0a1b2c3"})
    ((key, body), _) = bucket.put.call_args
    read = states["Read start values"]["Parameters"]
    assert read["Key"].replace("${Pipeline}", names["Pipeline"]) == key
    path = states["Start pipeline"]["Parameters"]["PipelineParameters.$"]
    # The list that StartPipelineExecution takes.
    assert json.loads(body)[path.removeprefix("$.start.values.")] == [
        {"Name": "Commit", "Value": "0a1b2c3"},
        {"Name": "ImageUri", "Value": "image"},
    ]


def test_burstable_types_alone_do_not_scale(states: dict[str, Any]) -> None:
    """Not those of ml.trn1, which hosting has too: names of botocore's ProductionVariant."""
    burstable = states["Is it scaled"]["Choices"][0]["Or"]
    service = botocore.session.get_session().get_service_model("sagemaker")
    matched = {
        name
        for name in service.shape_for("ProductionVariantInstanceType").enum
        for choice in burstable
        if fnmatchcase(name, choice["StringMatches"])
    }
    assert {name.split(".")[1] for name in matched} == {"t2"}


def test_failures_end_with_step_and_cause(states: dict[str, Any]) -> None:
    """System 003's cause was the literal text of a path, and its notice was invalid."""
    failed = states["Failed"]
    assert failed == {
        "Type": "Fail", "ErrorPath": "$.failure.error", "CausePath": "$.failure.cause",
    }  # fmt: skip
    told = [state for state in states.values() if state.get("ResultPath") == "$.failure"]
    assert len(told) > 15
    for state in told:
        step = state["Parameters"]["step"]
        cause = state["Parameters"].get("cause.$", state["Parameters"].get("cause", ""))
        assert cause.removeprefix("States.Format('").startswith(f"{step} failed: ")
        subject = f"sagemaker-{PROJECT}-{STAGE} workflow failed: {step}"
        assert len(subject) <= SUBJECT
        assert subject.isascii()
    assert "MessageStructure" not in json.dumps(states)


def test_names_fit(resources: dict[str, Any]) -> None:
    for entry in resources.values():
        for key, limit in LIMITS.items():
            assert len(entry["Properties"].get(key, "")) <= limit, entry["Type"]
    prefix = resources["Workflow"]["Properties"]["DefinitionSubstitutions"]["Endpoint"]
    assert prefix == f"sagemaker-{PROJECT}-{STAGE}"
    # 12 characters of a UUID follow.
    assert len(f"{prefix}-") + 12 <= OF_SAGEMAKER


def test_a_long_wait_fits_into_the_history() -> None:
    """Step Functions keeps 25,000 events of an execution; a look makes 11 of them."""
    parameters = template("workflow")["Parameters"]
    looks = parameters["PipelineTimeoutSeconds"]["MaxValue"] / parameters["PollSeconds"]["MinValue"]
    looks += (
        2 * parameters["EndpointTimeoutSeconds"]["MaxValue"] / parameters["PollSeconds"]["MinValue"]
    )
    assert looks * 11 < 25_000


def test_everything_is_encrypted_and_logs_are_kept(resources: dict[str, Any]) -> None:
    key = rendered("workflow", NoticeTopicArn="arn")["Parameters"]["KeyArn"]
    (table,) = of_type(resources, "AWS::DynamoDB::Table")
    assert table["SSESpecification"]["KMSMasterKeyId"] == key
    (function,) = of_type(resources, "AWS::Lambda::Function")
    assert function["KmsKeyArn"] == key
    for entry in resources.values():
        if entry["Type"] == "AWS::Logs::LogGroup":
            assert entry["Properties"]["KmsKeyId"] == key
            assert entry["Properties"]["RetentionInDays"] == 365
            assert entry["DeletionPolicy"] == "Retain"
    machine = resources["Workflow"]["Properties"]
    assert machine["EncryptionConfiguration"]["KmsKeyId"] == key
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] == "false"
    assert machine["TracingConfiguration"] == {"Enabled": True}


def test_the_machine_is_a_standard_one_in_jsonpath(resources: dict[str, Any]) -> None:
    machine = resources["Workflow"]["Properties"]
    assert machine["StateMachineType"] == "STANDARD"
    assert machine["Definition"]["QueryLanguage"] == "JSONPath"
    assert "{%" not in json.dumps(machine["Definition"])


@pytest.mark.parametrize("concern", ["workflow", "ledger"])
def test_parameters_are_grouped_labelled_and_described(concern: str) -> None:
    written = template(concern)
    interface = written["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(written["Parameters"]) == sorted(interface["ParameterLabels"])
    for name, entry in written["Parameters"].items():
        assert entry["Description"], name
        checked = {"AllowedPattern", "AllowedValues", "MinValue"} & {*entry}
        assert checked or entry["Type"] == "CommaDelimitedList", name
