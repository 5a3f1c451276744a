"""What is called with a role: by the Lambdas' code, the state machine, and AWS's own services.

A Lambda's calls are found in its text: each name of a method of boto3 that stands there, of the
services that stand there. What AWS's services do with a role is what their guides list.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import boto3
from roles import LAMBDAS, resources_of

_MARKER = re.compile(r"# sagetabular\.lambdas\.(\w+)$")
# Operations that another action allows: "Actions, resources, and condition keys" of each service in
# https://docs.aws.amazon.com/service-authorization/latest/reference/
OTHER_ACTIONS: dict[str, set[str]] = {
    "dynamodb:TransactWriteItems": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
    "lambda:Invoke": {"lambda:InvokeFunction"},
    "s3:CopyObject": {"s3:GetObject", "s3:PutObject"},
    "s3:HeadBucket": {"s3:ListBucket"},
    "s3:HeadObject": {"s3:GetObject"},
    "s3:ListObjectVersions": {"s3:ListBucketVersions"},
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "sts:GetCallerIdentity": set(),
}
_PREFIXES = {"applicationautoscaling": "application-autoscaling", "sfn": "states"}
# Methods of one word; others, such as `tag` or `search`, are those of anything else.
_WORDS = {"invoke", "publish", "query", "scan"}
KEY = {"kms:Decrypt", "kms:GenerateDataKey"}
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html: the group is there.
_LAMBDA = {"logs:CreateLogStream", "logs:PutLogEvents"}
_TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
# https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and …/concepts-xray-tracing.html
_STATES_LOGS = {
    "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
    "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
}  # fmt: skip
_STATES_TRACES = {*_TRACES, "xray:GetSamplingRules", "xray:GetSamplingTargets"}
# https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html, by provider.
_PROVIDERS = {
    "S3": {"s3:GetObject", "s3:GetObjectVersion", "s3:GetBucketVersioning", "s3:ListBucket"},
    "CodeStarSourceConnection": {
        "codeconnections:UseConnection", "codestar-connections:UseConnection",
    },
    "CodeCommit": {
        "codecommit:CancelUploadArchive", "codecommit:GetBranch", "codecommit:GetCommit",
        "codecommit:GetRepository", "codecommit:GetUploadArchiveStatus",
        "codecommit:UploadArchive",
    },
    "CodeBuild": {"codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"},
    "Lambda": {"lambda:InvokeFunction", "lambda:ListFunctions"},
    "Manual": {"sns:Publish"},
    "CloudFormation": {
        "cloudformation:CreateStack", "cloudformation:DeleteStack",
        "cloudformation:DescribeStackEvents", "cloudformation:DescribeStacks",
        "cloudformation:GetTemplate", "cloudformation:UpdateStack", "iam:PassRole",
    },
}  # fmt: skip
# Its bucket, by "CodePipeline service role policy" there.
_STORE = {
    "s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:GetObject",
    "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectAcl", "kms:DescribeKey", *KEY,
}  # fmt: skip


def actions_of_operation(service: str, operation: str) -> set[str]:
    """Return the actions of IAM that an operation needs."""
    name = f"{_PREFIXES.get(service, service)}:{operation}"
    return OTHER_ACTIONS.get(name, {name})


def functions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name of the code and properties of every Lambda function of the templates."""
    for template, key, properties in resources_of("AWS::Lambda::Function"):
        marker = _MARKER.search(properties["Code"]["ZipFile"])
        assert marker, f"{template}: {key} has code that is no file"
        yield marker[1], properties


def calls_of_code(name: str) -> set[str]:
    """Return the actions that the file of a Lambda needs."""
    tree = ast.parse((LAMBDAS / f"{name}.py").read_text(encoding="utf-8"))
    words = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    found = set()
    for service in texts & {*boto3.Session().get_available_services()}:
        for method, operation in _operations(service).items():
            # A method that is called or handed on, or one whose pages are asked for.
            if method in words | texts and ("_" in method or method in _WORDS):
                prefix = service.removesuffix("-runtime")
                found |= actions_of_operation(prefix, operation)
    return found


def _operations(service: str) -> dict[str, str]:
    access = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client(service, region_name="eu-west-1", **access)
    methods: dict[str, str] = client.meta.method_to_api_mapping
    return methods


def calls_of_function(properties: dict[str, Any], code: str) -> set[str]:
    """Return what a function's role is used for: by its code, and by Lambda for it."""
    found = calls_of_code(code) | _LAMBDA
    if "KmsKeyArn" in properties:
        found |= KEY
    if "DeadLetterConfig" in properties:
        found |= {"sqs:SendMessage"}
    if properties.get("TracingConfig", {}).get("Mode") == "Active":
        found |= _TRACES
    return found


def calls_of_lambdas() -> dict[str, set[str]]:
    """Return parameter of the role → what its functions need, over all templates."""
    found: dict[str, set[str]] = {}
    for code, properties in functions():
        needed = calls_of_function(properties, code)
        found.setdefault(properties["Role"]["Ref"], set()).update(needed)
    return found


def calls_of_state_machines() -> set[str]:
    """Return what the role of the state machines is used for."""
    found = set()
    for _, _, properties in resources_of("AWS::StepFunctions::StateMachine"):
        assert properties["RoleArn"] == {"Ref": "WorkflowRoleArn"}
        found |= _STATES_LOGS if "LoggingConfiguration" in properties else set()
        found |= _STATES_TRACES if properties["TracingConfiguration"]["Enabled"] else set()
        found |= KEY if "EncryptionConfiguration" in properties else set()
        for resource in _resources_of_tasks(properties["Definition"]):
            service, operation = resource.removeprefix("aws-sdk:").split(":")[:2]
            found |= actions_of_operation(service, operation[0].upper() + operation[1:])
    return found


def _resources_of_tasks(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for entry in node:
            yield from _resources_of_tasks(entry)
    if isinstance(node, dict):
        if node.get("Type") == "Task":
            yield node["Resource"].partition(":states:::")[2]
        for value in node.values():
            yield from _resources_of_tasks(value)


def calls_of_pipelines() -> set[str]:
    """Return what the role of CodePipeline is used for."""
    found: set[str] = set()
    for _, _, properties in resources_of("AWS::CodePipeline::Pipeline"):
        assert properties["RoleArn"] == {"Ref": "DeliveryRoleArn"}
        found |= _STORE
        for action in _actions(properties["Stages"]):
            found |= _PROVIDERS[action["ActionTypeId"]["Provider"]]
            if "RoleArn" in action:  # of another account
                found |= {"sts:AssumeRole"}
    return found


def _actions(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict) and "ActionTypeId" in node:
        yield node
    elif isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            yield from _actions(value)


def targets_of_rules() -> list[dict[str, Any]]:
    """Return the targets of all rules that EventBridge calls with a role."""
    return [
        target
        for _, _, properties in resources_of("AWS::Events::Rule")
        for target in properties["Targets"]
        if "RoleArn" in target
    ]


def calls_of_schedules() -> set[str]:
    """Return what the role of EventBridge Scheduler is used for."""
    found: set[str] = set()
    for _, _, properties in resources_of("AWS::Scheduler::Schedule"):
        target = properties["Target"]
        assert target["RoleArn"] == {"Ref": "SchedulerRoleArn"}
        found |= {"lambda:InvokeFunction"}
        if "DeadLetterConfig" in target:
            found |= {"sqs:SendMessage", *KEY}  # the queue is encrypted with the key
    return found
