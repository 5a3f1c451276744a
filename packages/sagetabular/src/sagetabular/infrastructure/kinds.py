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

# Their identifier is an ARN that AWS gives: an import by name, which a deployment asks for, is not
# supported for these:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
NOT_ADOPTED = frozenset({
    "AWS::IAM::OIDCProvider", "AWS::SageMaker::MlflowApp", "AWS::SageMaker::ModelPackageGroup",
})  # fmt: skip

# Type → property that is its name, and most characters of it by the service's API.
NAMES = {
    "AWS::Athena::WorkGroup": ("Name", 128),
    "AWS::CloudWatch::Alarm": ("AlarmName", 255),
    "AWS::CodeBuild::Project": ("Name", 150),
    "AWS::CodePipeline::Pipeline": ("Name", 100),
    "AWS::DynamoDB::Table": ("TableName", 255),
    "AWS::ECR::Repository": ("RepositoryName", 256),
    "AWS::Events::Rule": ("Name", 64),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", 128),
    "AWS::IAM::Role": ("RoleName", 64),
    "AWS::KMS::Alias": ("AliasName", 256),
    "AWS::Lambda::Function": ("FunctionName", 64),
    "AWS::Logs::LogGroup": ("LogGroupName", 512),
    "AWS::S3::Bucket": ("BucketName", 63),
    "AWS::SNS::Topic": ("TopicName", 256),
    "AWS::SQS::Queue": ("QueueName", 80),
    "AWS::SageMaker::Endpoint": ("EndpointName", 63),
    "AWS::SageMaker::EndpointConfig": ("EndpointConfigName", 63),
    "AWS::SageMaker::MlflowApp": ("Name", 256),
    "AWS::SageMaker::Model": ("ModelName", 63),
    "AWS::SageMaker::ModelPackageGroup": ("ModelPackageGroupName", 63),
    "AWS::Scheduler::Schedule": ("Name", 64),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", 80),
}

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
