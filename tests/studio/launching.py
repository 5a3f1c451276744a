"""What CloudFormation asks IAM for with the launch role: requests, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.studio import organisation as known

# Of a property or feature that the template does not use.
UNUSED = {
    "AWS::Athena::WorkGroup": {
        "an engine for Spark, and results that Athena keeps": "iam:CreateServiceLinkedRole "
        "iam:PassRole kms:Decrypt kms:GenerateDataKey s3:AbortMultipartUpload "
        "s3:GetBucketLocation s3:GetObject s3:ListBucket s3:ListBucketMultipartUploads "
        "s3:ListMultipartUploadParts s3:PutObject",
    },
    "AWS::CodeCommit::Repository": {
        "Code, by which CloudFormation makes the first commit": "codecommit:CreateCommit "
        "s3:GetObject s3:GetObjectVersion",
        "Triggers": "codecommit:PutRepositoryTriggers",
        "another RepositoryName: it has the project's id": "codecommit:UpdateRepositoryName",
    },
    "AWS::CodePipeline::Pipeline": {
        "DisableInboundStageTransitions": "codepipeline:DisableStageTransition "
        "codepipeline:EnableStageTransition",
        "RestartExecutionOnUpdate": "codepipeline:StartPipelineExecution",
    },
    "AWS::DynamoDB::Table": {
        "replicas": "dynamodb:AssociateTableReplica dynamodb:BatchWriteItem "
        "dynamodb:CreateTableReplica dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem "
        "dynamodb:Query dynamodb:Scan dynamodb:UpdateItem iam:CreateServiceLinkedRole",
        "ContributorInsightsSpecification": "dynamodb:UpdateContributorInsights",
        "ImportSourceSpecification": "dynamodb:DescribeImport dynamodb:ImportTable "
        "logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogGroups logs:DescribeLogStreams "
        "logs:PutLogEvents logs:PutRetentionPolicy s3:GetObject s3:GetObjectMetadata s3:ListBucket",
        "KinesisStreamSpecification": "dynamodb:DisableKinesisStreamingDestination "
        "dynamodb:EnableKinesisStreamingDestination dynamodb:UpdateKinesisStreamingDestination "
        "kinesis:DescribeStream kinesis:PutRecords",
        "ResourcePolicy": "dynamodb:DeleteResourcePolicy dynamodb:PutResourcePolicy",
    },
    "AWS::ECR::Repository": {
        "RepositoryPolicyText": "ecr:DeleteRepositoryPolicy ecr:SetRepositoryPolicy",
    },
    "AWS::Glue::Database": {
        "federated databases": "glue:CreateConnection glue:DeleteConnection glue:GetConnection "
        "glue:PassConnection glue:UpdateConnection",
    },
    "AWS::Glue::Table": {
        "schemas of the schema registry": "glue:GetSchemaVersion",
        "Iceberg tables, whose metadata Glue writes": "iam:PassRole s3:GetObject s3:PutObject",
        "federated tables": "glue:PassConnection",
        "another database, which a table cannot get": "glue:UpdateDatabase",
        "tables that Lake Formation governs: their data": "lakeformation:CreateTable "
        "lakeformation:GetDataAccess",
    },
    "AWS::IAM::ManagedPolicy": {
        "Groups, Users, Roles: roles name their policies": "iam:AttachGroupPolicy "
        "iam:AttachUserPolicy iam:DetachGroupPolicy iam:DetachUserPolicy iam:AttachRolePolicy "
        "iam:DetachRolePolicy",
    },
    "AWS::IAM::Role": {
        "another boundary: it must stay": "iam:DeleteRolePermissionsBoundary "
        "iam:PutRolePermissionsBoundary",
    },
    "AWS::KMS::Key": {
        "Enabled, EnableKeyRotation false": "kms:DisableKey kms:DisableKeyRotation kms:EnableKey",
    },
    "AWS::Lambda::Function": {
        "CodeSigningConfigArn": "lambda:DeleteFunctionCodeSigningConfig "
        "lambda:GetCodeSigningConfig lambda:PutFunctionCodeSigningConfig",
        "Code of a bucket": "s3:GetObject s3:GetObjectVersion",
        "FileSystemConfigs": "elasticfilesystem:DescribeMountTargets s3files:ListMountTargets",
        "Layers": "lambda:GetLayerVersion",
        "capacity providers": "lambda:PassCapacityProvider lambda:PutFunctionScalingConfig",
        "RecursiveLoop": "lambda:PutFunctionRecursionConfig",
        "ReservedConcurrentExecutions": "lambda:DeleteFunctionConcurrency "
        "lambda:PutFunctionConcurrency",
        "RuntimeManagementConfig": "lambda:AssociateRuntimeAlias lambda:PutRuntimeManagementConfig",
        "SnapStart": "lambda:PublishVersion",
        "VpcConfig": "ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups "
        "ec2:DescribeSubnets ec2:DescribeVpcs",
    },
    "AWS::Logs::LogGroup": {
        "BearerTokenAuthenticationEnabled": "logs:PutBearerTokenAuthentication",
        "DataProtectionPolicy": "firehose:TagDeliveryStream logs:CreateLogDelivery "
        "logs:DeleteDataProtectionPolicy logs:PutDataProtectionPolicy s3:REST.PUT.OBJECT",
        "DeletionProtectionEnabled": "logs:PutLogGroupDeletionProtection",
        "FieldIndexPolicies": "logs:DeleteIndexPolicy logs:PutIndexPolicy",
        "ResourcePolicyDocument": "logs:DeleteResourcePolicy logs:PutResourcePolicy",
        "no KmsKeyId, no RetentionInDays": "logs:DeleteRetentionPolicy logs:DisassociateKmsKey",
    },
    "AWS::S3::Bucket": {
        "AbacStatus": "s3:PutBucketAbac",
        "AccelerateConfiguration": "s3:PutAccelerateConfiguration",
        "AccessControl": "s3:PutBucketAcl s3:PutObjectAcl",
        "AnalyticsConfigurations": "s3:DeleteBucketAnalyticsConfiguration "
        "s3:PutAnalyticsConfiguration",
        "CorsConfiguration": "s3:DeleteBucketCors s3:PutBucketCORS",
        "no BucketEncryption, no LifecycleConfiguration": "s3:DeleteBucketEncryption "
        "s3:DeleteBucketLifecycle",
        "IntelligentTieringConfigurations": "s3:PutIntelligentTieringConfiguration",
        "InventoryConfigurations": "s3:PutInventoryConfiguration",
        "MetadataTableConfiguration": "s3:CreateBucketMetadataTableConfiguration "
        "s3:DeleteBucketMetadataTableConfiguration "
        "s3:UpdateBucketMetadataAnnotationTableConfiguration "
        "s3:UpdateBucketMetadataInventoryTableConfiguration "
        "s3:UpdateBucketMetadataJournalTableConfiguration s3tables:CreateNamespace "
        "s3tables:CreateTable s3tables:CreateTableBucket s3tables:GetTable "
        "s3tables:GetTableMetadataLocation s3tables:PutTableBucketPolicy "
        "s3tables:PutTableEncryption s3tables:PutTablePolicy s3tables:UpdateTableMetadataLocation",
        "MetricsConfigurations": "s3:DeleteBucketMetricsConfiguration s3:PutMetricsConfiguration",
        "ObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration "
        "s3:PutObjectLockConfiguration",
        "ReplicationConfiguration": "iam:PassRole s3:DeleteBucketReplication "
        "s3:PutBucketReplication s3:PutReplicationConfiguration",
        "WebsiteConfiguration": "s3:DeleteBucketWebsite s3:PutBucketWebsite",
        "objects: a bucket that is not empty stays": "s3:DeleteObject",
    },
    "AWS::SNS::Subscription": {
        "SubscriptionRoleArn": "iam:GetRole iam:PassRole",
        "FilterPolicy and other attributes": "sns:SetSubscriptionAttributes",
    },
    "AWS::SNS::Topic": {
        "DataProtectionPolicy": "sns:PutDataProtectionPolicy",
        "DeliveryStatusLogging": "iam:GetRole iam:PassRole",
    },
    "AWS::SageMaker::ModelPackageGroup": {
        "ModelPackageGroupPolicy": "sagemaker:DeleteModelPackageGroupPolicy "
        "sagemaker:PutModelPackageGroupPolicy",
    },
}
# What the schemas do not say, with the reason.
BEYOND = {
    "lambda:InvokeFunction": "Custom::Seed is called with the role of the stack",
    "codeconnections:PassConnection": "the name since 2024 of codestar-connections:PassConnection",
    "kms:GenerateDataKeyWithoutPlaintext": "CodeCommit, of who makes an encrypted repository",
    "kms:ReEncryptFrom": "the same",
    "kms:ReEncryptTo": "the same",
    "kms:Encrypt": "the same",
    "iam:ListRoleTags": "tags of roles, which the schema asks for beside its handlers (`tagging`)",
    "s3:GetObject": "the template of a product, which Service Catalog reads with its launch role",
    "cloudformation:CreateStack": "Service Catalog makes the stack with its launch role",
    "cloudformation:DeleteStack": "the same",
    "cloudformation:DescribeStackEvents": "the same",
    "cloudformation:DescribeStacks": "the same",
    "cloudformation:GetTemplateSummary": "the same",
    "cloudformation:SetStackPolicy": "the same",
    "cloudformation:TagResource": "the same",
    "cloudformation:UntagResource": "the same",
    "cloudformation:UpdateStack": "the same",
    "cloudformation:ValidateTemplate": "the same",
}
# Where a resource gets a role or a key: the service that the caller's condition sees.
SERVICES = {
    "AWS::CodeBuild::Project": "codebuild",
    "AWS::CodeCommit::Repository": "codecommit",
    "AWS::CodePipeline::Pipeline": "codepipeline",
    "AWS::DynamoDB::Table": "dynamodb",
    "AWS::ECR::Repository": "ecr",
    "AWS::Events::Rule": "events",
    "AWS::Lambda::Function": "lambda",
    "AWS::Scheduler::Schedule": "scheduler",
}
STEPS = ("create", "read", "update", "delete")


def needed(kind: str) -> set[str]:
    """Return the actions that CloudFormation needs for a type, as far as the template uses it."""
    handlers = known.HANDLERS["types"][kind]
    asked = {action for step in STEPS for action in handlers.get(step, [])}
    return asked - unused(kind)


def unused(kind: str) -> set[str]:
    """Return the actions of a type that the template does not need."""
    return {action for group in UNUSED.get(kind, {}).values() for action in group.split()}


def requests(kind: str, arns: list[str]) -> Iterator[dict[str, Any]]:
    """Yield what CloudFormation asks with the launch role for one resource.

    Args:
        kind: Type.
        arns: Of the resource and of what it lies in.
    """
    role = f"arn:aws:iam::{known.ACCOUNT}:role/sagemaker-{known.PROJECT}-dev-build"
    service = SERVICES.get(kind, "")
    for action in sorted(needed(kind)):
        resources, context = arns, {}
        if action.startswith("iam:") and not kind.startswith("AWS::IAM::"):
            resources, context = [role], {"iam:PassedToService": f"{service}.amazonaws.com"}
        elif action.startswith("kms:") and not kind.startswith("AWS::KMS::"):
            resources = [known.KEY]
            context = {"kms:ViaService": f"{service}.{known.REGION}.amazonaws.com"}
        elif action.endswith(":PassConnection"):
            resources = [known.CONNECTION]
        elif kind == "AWS::IAM::Role":
            policy = f"arn:aws:iam::{known.ACCOUNT}:policy/sagemaker-{known.PROJECT}-dev-guard"
            context = {"iam:PermissionsBoundary": known.BOUNDARY, "iam:PolicyARN": policy}
        elif kind == "AWS::SageMaker::ModelPackageGroup":
            tags = {"project": known.PROJECT, "stage": "dev"}
            context = {
                f"aws:{of}Tag/{name}": value
                for of in ("Request", "Resource")
                for name, value in tags.items()
            }
        for resource in resources:
            yield {"action": action, "resource": resource, "context": context}
