"""ledger.yaml: what it records is kept and encrypted, and its rule is for the right event alone.

Limits of names are those of AWS's API references: CreateTable, CreateTopic, CreateQueue,
CreateFunction, PutRule, PutMetricAlarm, CreateLogGroup.
"""

from __future__ import annotations

from typing import Any

import pytest
from long_names import PROJECT, STAGE, of_type, rendered

LIMITS = {
    "TableName": 255,
    "TopicName": 256,
    "QueueName": 80,
    "FunctionName": 64,
    "Name": 64,
    "AlarmName": 255,
    "LogGroupName": 512,
}


@pytest.fixture(scope="module")
def ledger() -> dict[str, Any]:
    """The template with default values."""
    return rendered("ledger")


def test_the_table_outlives_the_stack_and_mistakes(ledger: dict[str, Any]) -> None:
    table = ledger["Resources"]["Table"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    properties = table["Properties"]
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["TimeToLiveSpecification"]["Enabled"] == "false"


def test_everything_is_encrypted_with_the_key(ledger: dict[str, Any]) -> None:
    resources, key = ledger["Resources"], ledger["Parameters"]["KeyArn"]
    names = {
        "Table": "SSESpecification.KMSMasterKeyId",
        "Topic": "KmsMasterKeyId",
        "DeadLetters": "KmsMasterKeyId",
        "LogGroup": "KmsKeyId",
        "Function": "KmsKeyArn",
    }
    for name, path in names.items():
        value = resources[name]["Properties"]
        for part in path.split("."):
            value = value[part]
        assert value == key, name


@pytest.mark.parametrize(
    ("policy", "action"),
    [("TopicPolicy", "sns:Publish"), ("DeadLettersPolicy", "sqs:SendMessage")],
)
def test_without_tls_nobody_writes(ledger: dict[str, Any], policy: str, action: str) -> None:
    statements = ledger["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
    (deny,) = [statement for statement in statements if statement["Effect"] == "Deny"]
    assert (deny["Principal"], deny["Action"]) == ("*", action)
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    for statement in statements:
        # EventBridge names no source to SNS: "Amazon SNS permissions" in its user guide.
        if "Service" in statement["Principal"] and statement["Sid"] != "Rules":
            assert statement["Condition"], "a service writes for this account alone"


def test_failures_of_the_function_are_kept_and_told(ledger: dict[str, Any]) -> None:
    resources = ledger["Resources"]
    queue = {"TargetArn": "<DeadLetters.Arn>"}
    assert resources["Function"]["Properties"]["DeadLetterConfig"] == queue
    (target,) = resources["Rule"]["Properties"]["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": "<DeadLetters.Arn>"}
    alarm = resources["DeadLettersAlarm"]["Properties"]
    assert alarm["AlarmActions"] == ["<Topic>"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)


@pytest.mark.parametrize("address", ["", "team@example.com"])
def test_an_address_is_subscribed_if_there_is_one(address: str) -> None:
    resources = rendered("ledger", NoticeEmail=address)["Resources"]
    found = [entry["Endpoint"] for entry in of_type(resources, "AWS::SNS::Subscription")]
    assert found == ([address] if address else [])


def test_the_rule_names_the_event_exactly(ledger: dict[str, Any]) -> None:
    """Of https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html"""
    pattern = ledger["Resources"]["Rule"]["Properties"]["EventPattern"]
    assert pattern["source"] == ["aws.sagemaker"]
    assert pattern["detail-type"] == ["SageMaker Model Building Pipeline Execution Status Change"]


def test_names_fit(ledger: dict[str, Any]) -> None:
    for entry in ledger["Resources"].values():
        for key, limit in LIMITS.items():
            assert len(entry["Properties"].get(key, "")) <= limit, entry["Type"]


def test_outputs_are_what_other_templates_take(ledger: dict[str, Any]) -> None:
    values = {name: entry["Value"] for name, entry in ledger["Outputs"].items()}
    assert values == {"LedgerTable": "<Table>", "NoticeTopicArn": "<Topic>"}
    names = ledger["Resources"]["Table"]["Properties"]["TableName"]
    assert names == f"sagemaker-{PROJECT}-{STAGE}-ledger"
