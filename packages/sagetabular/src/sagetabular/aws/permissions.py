"""Permissions that the commands and the jobs need: IAM's actions, each with its resource.

Every call that a command makes stands here; a test compares the list with the code. Only `doctor`
asks more, and says "cannot tell" where it may not.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Permission:
    """An action that somebody needs.

    Attributes:
        action: As IAM spells it.
        resource: What it is done to: a key of `sagetabular.doctor.simulation.arn_of`.
        users: Commands that need it; of a job, types of steps and parts of `conf/`.
    """

    action: str
    resource: str
    users: tuple[str, ...]


def _each(service: str, resource: str, users: tuple[str, ...], *names: str) -> list[Permission]:
    return [Permission(f"{service}:{name}", resource, users) for name in names]


_DEPLOY, _PUSH = ("upsert", "run"), ("image push",)
_FIND = ("stop", "show", "logs", "report")
_REPORT, _CLEAN = ("report",), ("clean",)
_DECIDE = ("registry approve", "registry reject")
_UPLOAD, _CRAWL = ("data upload",), ("data crawl",)
_SHOW_STACKS, _STACKS = ("infra outputs",), ("infra diff", "infra deploy")
_REMOVE = ("infra destroy",)
_LIST = ("registry list", "registry show", *_DECIDE, *_CLEAN)

# What whoever calls a command needs.
COMMANDS = (
    Permission("s3:GetObject", "objects", (*_DEPLOY, *_UPLOAD, *_REPORT, *_STACKS)),
    Permission("s3:PutObject", "objects", (*_DEPLOY, *_UPLOAD, *_STACKS)),
    Permission("s3:DeleteObject", "objects", _CLEAN),
    # Else S3 forbids to ask for what is missing.
    Permission("s3:ListBucket", "bucket", (*_DEPLOY, *_UPLOAD, *_REPORT, *_CLEAN)),
    Permission("iam:PassRole", "role", (*_DEPLOY, *_CRAWL)),
    *_each("sagemaker", "pipeline", _DEPLOY, "DescribePipeline", "CreatePipeline"),
    *_each("sagemaker", "pipeline", _DEPLOY, "UpdatePipeline", "ListTags", "AddTags"),
    Permission("sagemaker:StartPipelineExecution", "pipeline", ("run",)),
    Permission("sagemaker:ListPipelineExecutions", "pipeline", ("executions", *_FIND, *_CLEAN)),
    Permission("sagemaker:DescribePipelineExecution", "execution", ("run", *_FIND)),
    Permission(
        "sagemaker:ListPipelineExecutionSteps",
        "execution",
        ("run", "show", "logs", *_REPORT, *_CLEAN),
    ),
    Permission(
        "sagemaker:ListPipelineParametersForExecution", "execution", ("show", *_REPORT, *_CLEAN)
    ),
    *_each("sagemaker", "execution", _REPORT, "DescribePipelineDefinitionForExecution"),
    Permission("sagemaker:StopPipelineExecution", "execution", ("stop",)),
    Permission(
        "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
        "hyper-parameter-tuning-job",
        ("logs", *_REPORT),
    ),
    *_each("sagemaker", "hyper-parameter-tuning-job", _REPORT, "DescribeHyperParameterTuningJob"),
    *_each("sagemaker", "processing-job", _REPORT, "DescribeProcessingJob"),
    *_each("sagemaker", "any", _CLEAN, "ListModelPackageGroups"),
    *_each("sagemaker", "model-package-group", _LIST, "ListModelPackages"),
    Permission(
        "sagemaker:DescribeModelPackage", "model-package", ("registry show", *_REPORT, *_CLEAN)
    ),
    *_each("sagemaker", "model-package", _DECIDE, "UpdateModelPackage"),
    *_each("sagemaker", "endpoint", ("invoke",), "InvokeEndpoint"),
    # Of the table that ATHENA_TABLE names, whose columns follow conf/pipeline.yaml.
    *_each("glue", "database", _DEPLOY, "GetTable", "UpdateTable"),
    *_each("glue", "table", _DEPLOY, "GetTable", "UpdateTable"),
    *_each("glue", "catalog", _UPLOAD, "CreateDatabase", "GetTable", "CreateTable", "UpdateTable"),
    *_each("glue", "catalog", _UPLOAD, "TagResource", "GetPartitions", "BatchCreatePartition"),
    *_each("glue", "catalog", _UPLOAD, "BatchUpdatePartition", "DeletePartition"),
    *_each("glue", "catalog", _CRAWL, "GetTables"),
    *_each("glue", "crawler", _CRAWL, "CreateCrawler", "GetCrawler", "StartCrawler"),
    *_each("glue", "crawler", _CRAWL, "UpdateCrawler", "TagResource"),
    Permission("logs:FilterLogEvents", "logs", ("logs",)),
    Permission("ecr:GetAuthorizationToken", "any", _PUSH),
    *_each("ecr", "repository", _PUSH, "DescribeRepositories", "CreateRepository", "TagResource"),
    *_each("ecr", "repository", _PUSH, "ListTagsForResource"),
    *_each("ecr", "repository", _PUSH, "DescribeImages", "BatchCheckLayerAvailability"),
    *_each("ecr", "repository", _PUSH, "InitiateLayerUpload", "UploadLayerPart"),
    *_each("ecr", "repository", _PUSH, "BatchGetImage", "CompleteLayerUpload", "PutImage"),
    # CloudFormation then makes what the templates say with the permissions of whoever calls.
    Permission("cloudformation:DescribeStacks", "stack", (*_SHOW_STACKS, *_STACKS, *_REMOVE)),
    *_each("cloudformation", "stack", _STACKS, "CreateChangeSet", "DescribeChangeSet"),
    *_each("cloudformation", "stack", _STACKS, "DeleteChangeSet"),
    Permission("cloudformation:ExecuteChangeSet", "stack", ("infra deploy",)),
    Permission("cloudformation:DeleteStack", "stack", (*_STACKS, *_REMOVE)),
    *_each("cloudformation", "stack", ("infra deploy", *_REMOVE), "DescribeStackEvents"),
    *_each("cloudformation", "stack", ("infra deploy", *_REMOVE), "UpdateTerminationProtection"),
    *_each("cloudformation", "stack", _REMOVE, "GetTemplate", "ListStackResources"),
    # Of objects that a key of conf/aws.yaml encrypts; S3 decrypts the parts of a large one to send.
    Permission("kms:GenerateDataKey", "OutputKmsKeyId", (*_DEPLOY, *_UPLOAD)),
    Permission("kms:Decrypt", "OutputKmsKeyId", (*_UPLOAD, *_REPORT)),
)

# Resources that only an account has whose conf/aws.yaml names them.
KEYS = ("VolumeKmsKeyId", "OutputKmsKeyId")


def _job(kind: str, resource: str, step: str, *names: str) -> list[Permission]:
    actions = [f"{name}{kind}" for name in names]
    return _each("sagemaker", resource, (step,), *actions, "AddTags")


_RUNS = ("Processing", "Training", "Tuning", "Transform")
_STARTED = ("Create", "Describe", "Stop")
_LOGGED = ("experiments",)

# What the role of pipeline and jobs needs.
JOBS = (
    *_each("s3", "objects", _RUNS, "GetObject", "PutObject"),
    *_each("s3", "bucket", _RUNS, "ListBucket", "GetBucketLocation"),
    *_each("logs", "logs", _RUNS, "CreateLogGroup", "CreateLogStream", "PutLogEvents"),
    *_each("cloudwatch", "any", _RUNS, "PutMetricData"),
    *_each("iam", "role", _RUNS, "PassRole"),
    *_each("ecr", "any", _RUNS, "GetAuthorizationToken"),
    *_each(
        *("ecr", "repository", _RUNS),
        *("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"),
    ),
    *_job("ProcessingJob", "processing-job", "Processing", *_STARTED),
    *_job("TrainingJob", "training-job", "Training", *_STARTED),
    *_job("HyperParameterTuningJob", "hyper-parameter-tuning-job", "Tuning", *_STARTED),
    *_job("TransformJob", "transform-job", "Transform", *_STARTED),
    *_job("Model", "model", "Model", "Create", "Describe"),
    *_job("ModelPackage", "model-package", "RegisterModel", "Create", "Describe"),
    *_job("ModelPackageGroup", "model-package-group", "RegisterModel", "Create", "Describe"),
    *_each("athena", "workgroup", ("athena",), "GetQueryExecution", "GetQueryResults"),
    *_each("athena", "workgroup", ("athena",), "GetWorkGroup", "StartQueryExecution"),
    # By a job that is stopped.
    *_each("athena", "workgroup", ("unload",), "StopQueryExecution"),
    # Glue asks of the catalogue, the database and the table, each.
    *_each("glue", "catalog", ("athena",), "GetDatabase", "GetTable", "GetPartitions"),
    *_each("glue", "database", ("athena",), "GetDatabase", "GetTable", "GetPartitions"),
    *_each("glue", "table", ("athena",), "GetTable", "GetPartitions"),
    # What UNLOAD has written is removed when it has been read.
    Permission("s3:DeleteObject", "unloaded", ("unload",)),
    # An app has one action for all calls of MLflow, a tracking server one for each.
    Permission("sagemaker:CallMlflowAppApi", "tracking", ("mlflow app",)),
    *_each(
        *("sagemaker-mlflow", "tracking", ("mlflow server",), "CreateExperiment", "CreateRun"),
        *("DeleteRun", "GetExperimentByName", "LogBatch", "RestoreExperiment", "SearchRuns"),
        "UpdateRun",
    ),
    *_each("sagemaker", "experiment", _LOGGED, "CreateExperiment", "DescribeExperiment"),
    *_each("sagemaker", "experiment-trial", _LOGGED, "CreateTrial", "DescribeTrial"),
    *_each("sagemaker", "any", _LOGGED, "ListTrialComponents", "ListTrials"),
    *_each(
        *("sagemaker", "experiment-trial-component", _LOGGED, "AssociateTrialComponent"),
        *("BatchPutMetrics", "CreateTrialComponent", "DeleteTrialComponent"),
        *("DescribeTrialComponent", "DisassociateTrialComponent", "UpdateTrialComponent"),
    ),
    *_each(
        *("ec2", "any", ("network",), "CreateNetworkInterface", "CreateNetworkInterfacePermission"),
        *("DeleteNetworkInterface", "DeleteNetworkInterfacePermission", "DescribeDhcpOptions"),
        *("DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"),
    ),
    *_each("kms", "VolumeKmsKeyId", ("VolumeKmsKeyId",), "CreateGrant", "GenerateDataKey"),
    *_each("kms", "OutputKmsKeyId", ("OutputKmsKeyId",), "Decrypt", "GenerateDataKey"),
)
