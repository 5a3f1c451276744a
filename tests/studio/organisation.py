"""The organisation's stack and the project's, evaluated, and which ARNs their resources have."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sagetabular.infrastructure.templates import evaluate, parse_template
from studio.publishing.assembly import assemble
from tests.baking import ROOT

PATH = ROOT / "studio/organisation.yaml"
HANDLERS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "handlers.json").read_text(encoding="utf-8")
)
ACCOUNT, OTHER, REGION = "123456789012", "210987654321", "eu-west-1"
BUCKET = "sagemaker-projects-templatebucket-1abcdefghijkl"
STUDIO = f"arn:aws:iam::{ACCOUNT}:role/service-role/AmazonSageMaker-ExecutionRole-20260101T000000"
CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/0a1b2c3d-0a1b-0a1b-0a1b2c3d"
MLFLOW = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-tracking-server/mine"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/sagemaker-projects-boundary"
LAUNCH = f"arn:aws:iam::{ACCOUNT}:role/sagemaker-projects-launch"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
# The longest that studio/project.yaml takes.
PROJECT, PROJECT_ID = "a" * 32, "p-abcdefghijklmnopqr"
SOURCES = ("github", "codecommit", "none")


def listed(value: Any) -> list[Any]:
    """Return one or several as a list."""
    return value if isinstance(value, list) else [value]


@cache
def template() -> dict[str, Any]:
    """Return the organisation's template."""
    return parse_template(PATH.read_text(encoding="utf-8"), PATH.name)


@cache
def made(**given: str) -> dict[str, Any]:
    """Return the resources of the organisation's stack; all options are chosen if none is given."""
    values = {
        "StudioRoleArns": STUDIO,
        "DomainId": "d-abcdefghijkl",
        "ConnectionArns": CONNECTION,
        "ServiceCatalog": "true",
        "ReaderAccounts": OTHER,
        **given,
    }
    resources = evaluate(template(), values, ACCOUNT, REGION)["Resources"]
    names = {
        "<TemplateBucket>": BUCKET,
        "<TemplateBucket.Arn>": f"arn:aws:s3:::{BUCKET}",
        "<Boundary>": BOUNDARY,
        "<LaunchRole.Arn>": LAUNCH,
    }
    found: dict[str, Any] = _replaced(resources, names)
    return found


def document(name: str, **given: str) -> dict[str, Any]:
    """Return the document of a managed policy of the organisation's stack."""
    found: dict[str, Any] = made(**given)[name]["Properties"]["PolicyDocument"]
    return found


def launch_policies(**given: str) -> list[dict[str, Any]]:
    """Return the documents of the launch role."""
    resources = made(**given)
    attached = resources["LaunchRole"]["Properties"]["ManagedPolicyArns"]
    return [resources[one.strip("<>")]["Properties"]["PolicyDocument"] for one in attached]


@cache
def assembled() -> dict[str, Any]:
    """Return the project's template."""
    fixed = {
        "BundleBucket": BUCKET,
        "BundleKey": "bundles/template-1.4.0-0123456789ab.zip",
        "Release": "1.4.0",
        "PermissionsBoundary": BOUNDARY,
    }
    columns = [{"Name": "price", "Type": "double", "Comment": "number"}]
    return parse_template(assemble(fixed, columns), "project.yaml")


@cache
def project(source: str) -> dict[str, Any]:
    """Return the resources of a project's stack for a choice of SourceControl, ARNs in place."""
    connected = source == "github"
    values = {
        "SageMakerProjectName": PROJECT,
        "SageMakerProjectId": PROJECT_ID,
        "SourceControl": source,
        "ConnectionArn": CONNECTION if connected else "",
        "Repository": "owner/name" if connected else "",
        "NoticeEmail": "team@example.com",
        "Schedule": "0 3 ? * MON *",
        "MlflowArn": MLFLOW,
    }
    resources = evaluate(assembled(), values, ACCOUNT, REGION)["Resources"]
    names: dict[str, str] = {}
    for key, entry in resources.items():
        for arn in arns(entry["Type"], entry["Properties"]):
            names |= {f"<{key}.Arn>": arn, f"<{key}>": arn.rpartition(":")[2].rpartition("/")[2]}
            if entry["Type"] == "AWS::IAM::ManagedPolicy":
                names[f"<{key}>"] = arn
            break
    found: dict[str, Any] = _replaced(resources, names)
    return found


def arns(kind: str, properties: Mapping[str, Any]) -> list[str]:
    """Return the ARNs that IAM asks for where a resource of a type is made; none if there is none.

    Formats: the Service Authorization Reference.
    """
    place = f"{REGION}:{ACCOUNT}"
    database = f"sagemaker_{PROJECT_ID.replace('-', '_')}"
    catalog = [f"arn:aws:glue:{place}:catalog", f"arn:aws:glue:{place}:database/{database}"]
    known = {
        "AWS::Athena::WorkGroup": ("athena", "workgroup/{Name}"),
        "AWS::CloudWatch::Alarm": ("cloudwatch", "alarm:{AlarmName}"),
        "AWS::CodeBuild::Project": ("codebuild", "project/{Name}"),
        "AWS::CodeCommit::Repository": ("codecommit", "{RepositoryName}"),
        "AWS::CodePipeline::Pipeline": ("codepipeline", "{Name}"),
        "AWS::DynamoDB::Table": ("dynamodb", "table/{TableName}"),
        "AWS::ECR::Repository": ("ecr", "repository/{RepositoryName}"),
        "AWS::Events::Rule": ("events", "rule/{Name}"),
        "AWS::KMS::Alias": ("kms", "{AliasName}"),
        "AWS::Lambda::Function": ("lambda", "function:{FunctionName}"),
        "AWS::Logs::LogGroup": ("logs", "log-group:{LogGroupName}"),
        "AWS::SNS::Topic": ("sns", "{TopicName}"),
        "AWS::SQS::Queue": ("sqs", "{QueueName}"),
        "AWS::SageMaker::CodeRepository": ("sagemaker", "code-repository/{CodeRepositoryName}"),
        "AWS::SageMaker::ModelPackageGroup": (
            "sagemaker", "model-package-group/{ModelPackageGroupName}",
        ),
        "AWS::Scheduler::Schedule": ("scheduler", "schedule/default/{Name}"),
    }  # fmt: skip
    if kind in known:
        service, rest = known[kind]
        found = [f"arn:aws:{service}:{place}:{rest.format_map(properties)}"]
        return [*found, KEY] if kind == "AWS::KMS::Alias" else found
    others: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
        "AWS::Glue::Database": lambda _: [
            catalog[1], catalog[0], f"arn:aws:glue:{place}:table/{database}/training",
            f"arn:aws:glue:{place}:userDefinedFunction/{database}/f",
        ],
        "AWS::Glue::Table": lambda _: [f"arn:aws:glue:{place}:table/{database}/training", *catalog],
        "AWS::IAM::ManagedPolicy": lambda p: [
            f"arn:aws:iam::{ACCOUNT}:policy/{p['ManagedPolicyName']}",
        ],
        "AWS::IAM::Role": lambda p: [f"arn:aws:iam::{ACCOUNT}:role/{p['RoleName']}"],
        "AWS::KMS::Key": lambda _: [KEY],
        "AWS::S3::Bucket": lambda p: [f"arn:aws:s3:::{p['BucketName']}"],
        # What belongs to another resource.
        "AWS::Lambda::EventInvokeConfig": lambda p: [_function(p)],
        "AWS::Lambda::Permission": lambda p: [_function(p)],
        "AWS::S3::BucketPolicy": lambda p: [f"arn:aws:s3:::{p['Bucket']}"],
        "AWS::SNS::Subscription": lambda p: [f"arn:aws:sns:{place}:{p['TopicArn']}"],
        "AWS::SNS::TopicPolicy": lambda p: [f"arn:aws:sns:{place}:{one}" for one in p["Topics"]],
        "AWS::SQS::QueuePolicy": lambda p: [f"arn:aws:sqs:{place}:{one}" for one in p["Queues"]],
    }  # fmt: skip
    return others[kind](properties) if kind in others else []


def _function(properties: Mapping[str, Any]) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{properties['FunctionName']}"


def typed() -> Iterator[tuple[str, list[str]]]:
    """Yield type and ARNs of each resource that a project can have, but those of `Custom::`."""
    for source in SOURCES:
        for entry in project(source).values():
            if not entry["Type"].startswith("Custom::"):
                yield entry["Type"], arns(entry["Type"], entry["Properties"])


def roles(source: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield name and documents of each role of a project."""
    resources = project(source)
    policies = {
        f"arn:aws:iam::{ACCOUNT}:policy/{one['Properties']['ManagedPolicyName']}": one
        for one in resources.values()
        if one["Type"] == "AWS::IAM::ManagedPolicy"
    }
    for entry in resources.values():
        if entry["Type"] == "AWS::IAM::Role":
            given = entry["Properties"]
            own = [one["PolicyDocument"] for one in given.get("Policies", [])]
            named = [policies[one] for one in given.get("ManagedPolicyArns", [])]
            attached = [one["Properties"]["PolicyDocument"] for one in named]
            yield given["RoleName"], [*own, *attached]


def _replaced(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _replaced(value, names) for key, value in node.items()}
    if isinstance(node, list):
        return [_replaced(value, names) for value in node]
    if isinstance(node, str) and "<" in node:
        for name, value in names.items():
            node = node.replace(name, value)
    return node
