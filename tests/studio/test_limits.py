"""What AWS allows of a template and of names, for the longest names that a project may have.

Limits of a template: 1,000,000 bytes by its address, 500 resources, 200 outputs, 200 parameters
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
of which SageMaker hands on 180 (CreateProject, CfnTemplateProvider.Parameters in botocore).
"""

from __future__ import annotations

import graphlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from sagetabular.infrastructure.kinds import STATEFUL
from tests.baking import ROOT
from tests.studio.assembled import ANSWERS, LONGEST, frame, made, template, text, texts_in

# Type → property that is a name, and the member of botocore's model that has its limit.
NAMES = {
    "AWS::CloudWatch::Alarm": ("AlarmName", "cloudwatch", "PutMetricAlarm", "AlarmName"),
    "AWS::CodeBuild::Project": ("Name", "codebuild", "CreateProject", "name"),
    "AWS::CodeCommit::Repository": (
        *("RepositoryName", "codecommit", "CreateRepository", "repositoryName"),
    ),
    "AWS::CodePipeline::Pipeline": ("Name", "codepipeline", "CreatePipeline", "pipeline.name"),
    "AWS::DynamoDB::Table": ("TableName", "dynamodb", "CreateTable", "TableName"),
    "AWS::ECR::Repository": ("RepositoryName", "ecr", "CreateRepository", "repositoryName"),
    "AWS::Events::Rule": ("Name", "events", "PutRule", "Name"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "iam", "CreatePolicy", "PolicyName"),
    "AWS::IAM::Role": ("RoleName", "iam", "CreateRole", "RoleName"),
    "AWS::KMS::Alias": ("AliasName", "kms", "CreateAlias", "AliasName"),
    "AWS::Lambda::Function": ("FunctionName", "lambda", "CreateFunction", "FunctionName"),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs", "CreateLogGroup", "logGroupName"),
    "AWS::SageMaker::CodeRepository": (
        *("CodeRepositoryName", "sagemaker", "CreateCodeRepository", "CodeRepositoryName"),
    ),
    "AWS::SageMaker::ModelPackageGroup": (
        *("ModelPackageGroupName", "sagemaker", "CreateModelPackageGroup", "ModelPackageGroupName"),
    ),
    "AWS::Scheduler::Schedule": ("Name", "scheduler", "CreateSchedule", "Name"),
}
# Those whose limit botocore does not say, or says otherwise.
WRITTEN = {
    # https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateWorkGroup.html
    "AWS::Athena::WorkGroup": ("Name", 128, r"[a-zA-Z0-9._-]+"),
    # https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
    "AWS::Glue::Database": ("DatabaseInput.Name", 255, "[a-z0-9_]+"),
    "AWS::Glue::Table": ("TableInput.Name", 255, "[a-z0-9_]+"),
    # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html: "the name alone is
    # limited to 64 characters"; botocore has the limit of an ARN.
    "AWS::Lambda::Function": ("FunctionName", 64, r"[a-zA-Z0-9-_]+"),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    "AWS::S3::Bucket": ("BucketName", 63, r"[a-z0-9][a-z0-9.-]+[a-z0-9]"),
    # https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    "AWS::SNS::Topic": ("TopicName", 256, r"[a-zA-Z0-9_-]+"),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    "AWS::SQS::Queue": ("QueueName", 80, r"[a-zA-Z0-9_-]+"),
}
# What belongs to another resource, and has no name of its own.
NAMELESS = {
    *("AWS::KMS::Key", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Permission"),
    *("AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy"),
    *("AWS::SQS::QueuePolicy", "Custom::Seed"),
}
# Model Monitor, Clarify and CodeStar by the resource types of CloudFormation:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SageMaker.html,
# …/AWS_CodeStar.html, …/AWS_CodeStarConnections.html, …/AWS_CodeStarNotifications.html
UNWANTED = {
    *("AWS::SageMaker::DataQualityJobDefinition", "AWS::SageMaker::ModelBiasJobDefinition"),
    *("AWS::SageMaker::ModelExplainabilityJobDefinition", "AWS::SageMaker::MonitoringSchedule"),
    *("AWS::SageMaker::ModelQualityJobDefinition", "AWS::CodeStar::GitHubRepository"),
    *("AWS::CodeStarConnections::Connection", "AWS::CodeStarConnections::RepositoryLink"),
    *(
        "AWS::CodeStarConnections::SyncConfiguration",
        "AWS::CodeStarNotifications::NotificationRule",
    ),
}
FULL = {"NoticeEmail": "team@example.com", "Schedule": "0 3 ? * MON *"}


def member(properties: Any, path: str) -> Any:
    for name in path.split("."):
        properties = properties[name]
    return properties


def limit(service: str, operation: str, path: str) -> tuple[int, str]:
    """Return the most characters and the pattern of a member of a request."""
    model = botocore.session.get_session().get_service_model(service)
    shape: Any = model.operation_model(operation).input_shape
    for name in path.split("."):
        shape = shape.members[name]
    return shape.metadata["max"], shape.metadata.get("pattern", ".+")


def limits() -> dict[str, tuple[str, int, str]]:
    """Return type → property, most characters, pattern."""
    found = {kind: (name, *limit(*words)) for kind, (name, *words) in NAMES.items() if words}
    return found | WRITTEN


def longest() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every resource that there can be, with the longest names."""
    for answers in ANSWERS.values():
        yield from made(**LONGEST, **FULL, **answers)["Resources"].items()


def test_the_template_is_within_the_limits_of_cloudformation_and_studio() -> None:
    assert len(text().encode()) < 1_000_000
    assert len(template()["Parameters"]) <= 180
    assert len(template()["Resources"]) <= 500
    assert len(template()["Outputs"]) < 200
    assert len(template()["Description"]) <= 1024
    for each in template()["Parameters"].values():
        assert len(each["Description"]) <= 4000


def test_every_name_is_one_that_its_service_takes() -> None:
    allowed, seen = limits(), set()
    for name, resource in longest():
        kind = resource["Type"]
        if kind in NAMELESS:
            continue
        path, most, pattern = allowed[kind]
        given = member(resource["Properties"], path)
        assert "<" not in given, f"{name}: {given}"
        assert len(given) <= most, f"{name}: {given} has {len(given)} of {most} characters"
        assert re.fullmatch(pattern, given), name
        seen.add(kind)
    assert seen == allowed.keys()


def test_a_function_that_were_called_longer_would_be_found() -> None:
    names = [
        each["Properties"]["FunctionName"]
        for _, each in longest()
        if each["Type"] == "AWS::Lambda::Function"
    ]
    # The longest leaves little: a word of 12 more characters would be too long.
    assert 52 < max(map(len, names)) <= 64


def test_no_resource_is_of_model_monitor_clarify_or_codestar() -> None:
    kinds = {each["Type"] for each in template()["Resources"].values()}
    assert not kinds & UNWANTED
    assert not any(kind.startswith("AWS::CodeStar") for kind in kinds)
    words = " ".join(texts_in(template()["Resources"])).lower()
    assert "clarify" not in words
    assert "monitoringschedule" not in words


def test_what_is_retained_does_not_outlive_a_creation_that_fails() -> None:
    policies = {each.get("DeletionPolicy") for each in template()["Resources"].values()}
    assert policies == {None, "Delete", "RetainExceptOnCreate"}
    # Protected, it could not be deleted when a creation is rolled back.
    assert not any(
        each["Properties"].get("DeletionProtectionEnabled")
        for each in template()["Resources"].values()
    )


def test_what_holds_something_is_kept_but_logs_and_the_topic() -> None:
    lost = {
        name
        for name, each in template()["Resources"].items()
        if each["Type"] in STATEFUL and each.get("DeletionPolicy") != "RetainExceptOnCreate"
    }
    logs = {"BuildLog", "LedgerLogGroup", "TriggersStartLogs", "SeedLog", "SeedFunctionLog"}
    assert lost == logs | {"DataLakeGlueDatabase", "LedgerTopic", "TriggersStartsTable"}


def test_every_role_has_the_boundary() -> None:
    arn = "arn:aws:iam::123456789012:policy/sagemaker-projects-boundary"
    roles = {n: e["Properties"] for n, e in longest() if e["Type"] == "AWS::IAM::Role"}
    assert {each["PermissionsBoundary"] for each in roles.values()} == {arn}
    assert len(roles) == 10


def test_nothing_of_the_publishers_account_is_in_it() -> None:
    found = [line for line in text().splitlines() if "123456789012" in line]
    # The bundle is read from there.
    assert all("sagemaker-projects-123456789012-eu-west-1" in line for line in found)


def test_every_reference_leads_somewhere() -> None:
    whole = text()
    names = {*template()["Resources"], *template()["Parameters"]}
    named = re.findall(r"!(?:Ref|GetAtt) '?([A-Za-z0-9]+)", whole)
    subs = [line for line in whole.splitlines() if "!Sub" in line]
    named += [name for line in subs for name in re.findall(r"\$\{([A-Za-z0-9]+)[.}]", line)]
    own = {"Service", "Region", "Account", "Id", "Console", "AWS"}
    assert len(named) > 300
    assert {*named} - names <= own
    conditions = re.findall(r"!Condition (\w+)|^    Condition: (\w+)$", whole, re.MULTILINE)
    assert {a or b for a, b in conditions} <= {*template()["Conditions"]}


@pytest.mark.parametrize("choice", ANSWERS)
def test_no_resource_waits_for_itself(choice: str) -> None:
    resources = made(**FULL, **ANSWERS[choice])["Resources"]
    needs = {
        name: {
            *texts_in([each.get("DependsOn", [])]),
            *re.findall(r"<(\w+)(?:\.\w+)?>", " ".join(texts_in(each["Properties"]))),
        }
        & resources.keys()
        for name, each in resources.items()
    }
    order = [*graphlib.TopologicalSorter(needs).static_order()]
    # An upload starts nothing until the sample is there.
    assert order.index("Seed") < order.index("TriggersUploadRule")
    assert needs["SeedProject"] > {"SeedRole", "DataLakeDataBucket"}


def test_every_condition_and_mapping_is_asked_for() -> None:
    rest = text().split("\nConditions:\n")[1]
    for name in template()["Conditions"]:
        assert len(re.findall(rf"\b{name}\b", rest)) > 1, name
    for name in template()["Mappings"]:
        assert f"[{name}, " in rest.replace("'", "")


def test_no_parameter_of_the_publisher_is_left() -> None:
    assert not {"BundleBucket", "BundleKey", "Release"} & set(template()["Parameters"])
    assert {*frame()["Parameters"]} - {*template()["Parameters"]} == {
        *("BundleBucket", "BundleKey", "Release", "PermissionsBoundary"),
    }
    assert "${Bundle" not in text()


@pytest.mark.slow
def test_the_same_state_gives_the_same_bytes_in_other_processes() -> None:
    program = "from tests.studio.assembled import text; import sys; sys.stdout.write(text())"
    for seed in ("0", "4711"):
        result = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        )
        assert result.stdout.decode() == text()
