"""triggers.yaml: what it makes is encrypted, named as expected, and loses no event."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from long_names import COMMON, PROJECT, STAGE, of_type, rendered, template

from sagetabular.lambdas import start

_NAMES = f"sagemaker-{PROJECT}-{STAGE}"
_STATE_MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:release"


@pytest.fixture(scope="module")
def triggers() -> dict[str, Any]:
    """The template with a schedule and a target of approvals."""
    values = {"Schedule": "0 3 ? * MON *", "ApprovalTargetArn": _STATE_MACHINE}
    resources: dict[str, Any] = rendered("triggers", **values)["Resources"]
    return resources


# Longest names: of a function, queue, table, rule, schedule and log group, by their references:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
@pytest.mark.parametrize(
    ("kind", "key", "wanted", "longest"),
    [
        ("AWS::Lambda::Function", "FunctionName", ["start"], 64),
        ("AWS::SQS::Queue", "QueueName", ["start-dlq"], 80),
        ("AWS::DynamoDB::Table", "TableName", ["starts"], 255),
        ("AWS::Events::Rule", "Name", ["uploads", "ended", "approved"], 64),
        ("AWS::Scheduler::Schedule", "Name", ["start"], 64),
    ],
)
def test_names_are_the_projects_and_fit(
    triggers: dict[str, Any], kind: str, key: str, wanted: list[str], longest: int
) -> None:
    names = [properties[key] for properties in of_type(triggers, kind)]
    assert names == [f"{_NAMES}-{what}" for what in wanted]
    assert all(len(name) <= longest for name in names)


def test_everything_that_holds_something_is_encrypted_with_the_key(
    triggers: dict[str, Any],
) -> None:
    keys = {
        "AWS::DynamoDB::Table": lambda found: found["SSESpecification"]["KMSMasterKeyId"],
        "AWS::SQS::Queue": lambda found: found["KmsMasterKeyId"],
        "AWS::Logs::LogGroup": lambda found: found["KmsKeyId"],
        "AWS::Lambda::Function": lambda found: found["KmsKeyArn"],
        "AWS::Scheduler::Schedule": lambda found: found["KmsKeyArn"],
    }
    for kind, key_of in keys.items():
        (properties,) = of_type(triggers, kind)
        assert key_of(properties) == COMMON["KeyArn"], kind


def test_no_event_is_lost_silently(triggers: dict[str, Any]) -> None:
    (function,) = of_type(triggers, "AWS::Lambda::Function")
    assert function["DeadLetterConfig"] == {"TargetArn": "<DeadLetters.Arn>"}
    targets = [
        target for rule in of_type(triggers, "AWS::Events::Rule") for target in rule["Targets"]
    ]
    (schedule,) = of_type(triggers, "AWS::Scheduler::Schedule")
    for target in [*targets, schedule["Target"]]:
        assert target["DeadLetterConfig"] == {"Arn": "<DeadLetters.Arn>"}
        assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    (queue,) = of_type(triggers, "AWS::SQS::QueuePolicy")
    allowed, denied = queue["PolicyDocument"]["Statement"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    source = allowed["Condition"]["ArnLike"]["aws:SourceArn"]
    assert source == f"arn:aws:events:eu-west-1:123456789012:rule/{_NAMES}-*"
    assert denied["Effect"] == "Deny"


def test_somebody_hears_of_what_could_not_be_handled(triggers: dict[str, Any]) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:notices"
    told = rendered("triggers", NoticeTopicArn=topic)["Resources"]
    (alarm,) = of_type(told, "AWS::CloudWatch::Alarm")
    assert alarm["AlarmActions"] == [topic]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "<DeadLetters.QueueName>"}]
    (function,) = of_type(told, "AWS::Lambda::Function")
    assert function["Environment"]["Variables"]["NOTICES"] == topic
    assert of_type(triggers, "AWS::CloudWatch::Alarm") == []
    assert (
        of_type(triggers, "AWS::Lambda::Function")[0]["Environment"]["Variables"]["NOTICES"] == ""
    )


def test_every_rule_may_call_the_lambda_and_nobody_else(triggers: dict[str, Any]) -> None:
    calling = {
        f"<{name}.Arn>"
        for name, entry in triggers.items()
        if entry["Type"] == "AWS::Events::Rule"
        and entry["Properties"]["Targets"][0]["Arn"] == "<StartFunction.Arn>"
    }
    permissions = of_type(triggers, "AWS::Lambda::Permission")
    assert {permission["SourceArn"] for permission in permissions} == calling
    assert {permission["Principal"] for permission in permissions} == {"events.amazonaws.com"}


def test_the_schedule_is_off_when_empty_and_keeps_its_zone(triggers: dict[str, Any]) -> None:
    assert not of_type(rendered("triggers")["Resources"], "AWS::Scheduler::Schedule")
    (schedule,) = of_type(triggers, "AWS::Scheduler::Schedule")
    assert schedule["ScheduleExpression"] == "cron(0 3 ? * MON *)"
    assert schedule["ScheduleExpressionTimezone"] == "UTC"
    # The id of an execution is what a repeated delivery is known by.
    assert schedule["Target"]["Input"] == (
        '{"trigger": "schedule", "id": "<aws.scheduler.execution-id>"}'
    )


def test_approvals_start_what_they_are_told_to_or_nothing(triggers: dict[str, Any]) -> None:
    assert "ApprovalRule" not in rendered("triggers")["Resources"]
    (target,) = triggers["ApprovalRule"]["Properties"]["Targets"]
    assert target["Arn"] == _STATE_MACHINE
    assert target["RoleArn"] == "arn:aws:iam::123456789012:role/EventsRoleArn"


def test_no_role_is_made_and_the_code_is_the_packages(triggers: dict[str, Any]) -> None:
    assert not [entry for entry in triggers.values() if entry["Type"].startswith("AWS::IAM")]
    (function,) = of_type(triggers, "AWS::Lambda::Function")
    assert function["Code"]["ZipFile"].endswith("# sagetabular.lambdas.start")
    assert function["Role"] == "arn:aws:iam::123456789012:role/TriggerRoleArn"


def test_the_lambda_reads_the_variables_that_the_template_sets(triggers: dict[str, Any]) -> None:
    code = Path(start.__file__).read_text(encoding="utf-8")
    (function,) = of_type(triggers, "AWS::Lambda::Function")
    read = {*re.findall(r"_setting\([\"']([A-Z_]+)[\"']\)", code)}
    assert {*function["Environment"]["Variables"]} == read


def test_only_logs_are_kept_as_only_they_cannot_be_made_anew(triggers: dict[str, Any]) -> None:
    kept = {name for name, entry in triggers.items() if entry.get("DeletionPolicy") == "Retain"}
    assert kept == {"StartLogs"}


def test_parameters_are_declared_as_in_the_other_templates() -> None:
    own, lake = template("triggers")["Parameters"], template("data-lake")["Parameters"]
    for name in ("Project", "Stage"):
        assert own[name] == lake[name]
