"""What is known of types of resources: which of them hold something, and what of them is billed.

Prices: https://aws.amazon.com/pricing/, page of each service. What is not listed costs nothing by
itself, such as roles, rules, policies and log groups that are empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Without these, data or names that others rely on are gone: replaced or removed when asked only.
# A Glue table is a description: its data lie in a bucket, and its columns change with conf/.
STATEFUL = frozenset({
    "AWS::CodeCommit::Repository", "AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table",
    "AWS::ECR::Repository", "AWS::EFS::FileSystem", "AWS::Glue::Database",
    "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::RDS::DBInstance", "AWS::S3::Bucket",
    "AWS::SNS::Topic", "AWS::SSM::Parameter", "AWS::SageMaker::MlflowApp",
    "AWS::SageMaker::MlflowTrackingServer", "AWS::SageMaker::ModelPackageGroup",
    "AWS::SecretsManager::Secret",
})  # fmt: skip

_BILLED = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "instances of the endpoint, as many as it adds",
    "AWS::Athena::WorkGroup": "what queries scan, by the terabyte",
    "AWS::CloudWatch::Alarm": "each alarm, by the month",
    "AWS::CodeBuild::Project": "minutes of builds",
    "AWS::CodePipeline::Pipeline": "minutes of actions (V2)",
    "AWS::DynamoDB::Table": "reads, writes and storage",
    "AWS::ECR::Repository": "storage of images",
    "AWS::KMS::Key": "each key by the month, and requests",
    "AWS::Lambda::Function": "calls and their duration",
    "AWS::Logs::LogGroup": "what is logged, and its storage",
    "AWS::S3::Bucket": "storage and requests",
    "AWS::SNS::Topic": "notices, beyond a free amount",
    "AWS::SQS::Queue": "requests, beyond a free amount",
    "AWS::SageMaker::Endpoint": "instances by the second, while the endpoint stands",
    "AWS::SageMaker::MlflowTrackingServer": "the server by the hour, while it runs",
    "AWS::Scheduler::Schedule": "invocations, beyond a free amount",
    "AWS::StepFunctions::StateMachine": "transitions between states",
}


def is_stateful(kind: str) -> bool:
    """Return whether something is lost if a resource of a type is replaced or removed."""
    return kind in STATEFUL


def billed(kinds: Iterable[str]) -> list[str]:
    """Return what is billed of resources, a line each: the type, and what of it."""
    return [
        f"{kind.removeprefix('AWS::').replace('::', ' ')}: {_BILLED[kind]}"
        for kind in sorted({*kinds} & _BILLED.keys())
    ]
