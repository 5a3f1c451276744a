"""Settings of a job in the framework: types, defaults, and what is not carried over."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, BeforeValidator, Field

from sagetabular.migration.schema import Foreign

INSTANCE = "ml.m5.2xlarge"
JOB_NAME = {"base_job_name": "the pipeline names its jobs"}
FOLDERS = "inputs and outputs have fixed folders, /opt/ml/processing/input and output"
Count = Annotated[int, Field(ge=1)]
Path = Annotated[str, Field(min_length=1, max_length=200)]


def _tags(value: Any) -> Any:
    """Accept SageMaker's list of keys and values as well as a mapping."""
    if isinstance(value, list) and all(isinstance(tag, dict) and "Key" in tag for tag in value):
        return {str(tag["Key"]): tag.get("Value", "") for tag in value}
    return value


def _channels(value: Any) -> Any:
    """Make a bare name a channel without files."""
    return {value: None} if isinstance(value, str) else value


class DataFile(Foreign):
    """A file, or a prefix, of a channel."""

    source: str | None = Field(default=None, alias="sourceName")
    name: str = Field(alias="fileName", min_length=1)


class FrameworkChannel(Foreign):
    """Place of a channel's files."""

    not_carried: ClassVar = {"input_folder": FOLDERS, "output_folder": FOLDERS}

    files: list[DataFile] = Field(default_factory=list, alias="dataFiles")
    bucket: str | None = Field(
        default=None, validation_alias=AliasChoices("s3Bucket", "s3BucketName")
    )
    prefix: str = Field(
        default="",
        validation_alias=AliasChoices("s3InputPrefix", "inputBucketPrefix", "bucket_prefix"),
    )
    input_folder: Any = Field(default=None, alias="InputLocalFilepath")
    output_folder: Any = Field(default=None, alias="OuputLocalFilepath")


class Block(Foreign):
    """Settings that every kind of job has."""

    not_carried: ClassVar = JOB_NAME

    image_uri: str | None = None
    entry_point: Path | None = None
    base_job_name: Any = None
    instance_count: Count = 1
    instance_type: str = INSTANCE
    tags: Annotated[dict[str, str], BeforeValidator(_tags)] = Field(default_factory=dict)
    env: dict[str, str] = Field(default_factory=dict)
    channels: Annotated[dict[str, FrameworkChannel | None], BeforeValidator(_channels)] = Field(
        default_factory=dict
    )


class Processing(Block):
    """A Processing step's settings."""

    not_carried: ClassVar = JOB_NAME | {
        "framework_version": "the image says which framework there is",
        "location": FOLDERS,
        "input_folder": FOLDERS,
    }

    volume_size_in_gb: Count = 32
    max_runtime_seconds: Count = Field(
        default=3000, validation_alias=AliasChoices("max_runtime_seconds", "max_runtime_in_seconds")
    )
    s3_data_distribution_type: str = "FullyReplicated"
    s3_data_type: str = "S3Prefix"
    s3_input_mode: str = "File"
    s3_upload_mode: str = "EndOfJob"
    framework_version: Any = None
    location: Any = None
    input_folder: Any = Field(default=None, alias="inputLocalFilepath")


class FrameworkEvaluation(Processing):
    """A Metrics step's settings: a Processing job with other defaults."""

    not_carried: ClassVar = Processing.not_carried | {
        "strategy": "a Processing job has none",
        "max_payload": "a Processing job has none",
        "content_type": "a Processing job has none",
    }

    volume_size_in_gb: Count = 50
    max_runtime_seconds: Count = Field(
        default=3600, validation_alias=AliasChoices("max_runtime_in_seconds", "max_runtime_seconds")
    )
    strategy: Any = None
    max_payload: Any = None
    content_type: Any = None


class Training(Block):
    """A Training step's settings."""

    not_carried: ClassVar = JOB_NAME | {
        "output_path": "results lie below the prefix of the execution",
    }

    volume_size_in_gb: Count = 32
    max_runtime_seconds: Count = 3000
    hyperparams: dict[str, str | int | float | bool] = Field(default_factory=dict)
    model_data_uri: str | None = None
    output_path: Any = None
    content_type: str | None = None
    input_mode: str = "File"
    distribution: str = "FullyReplicated"


class FrameworkTransform(Block):
    """A Transform step's settings."""

    not_carried: ClassVar = JOB_NAME | {
        "image_uri": "a Transform job takes the image of the created model",
        "volume_size": "the framework did not use it, and a Transform job has none",
        "max_runtime_in_seconds": "the framework did not use it, and a Transform job has none",
    }

    strategy: str | None = None
    assemble_with: str | None = None
    join_source: str | None = None
    split_type: str | None = None
    content_type: str = "text/csv"
    max_payload: Annotated[int, Field(ge=0)] | None = None
    input_filter: str | None = None
    output_filter: str | None = None
    volume_size: Any = None
    max_runtime_in_seconds: Any = None


class Inference(Foreign):
    """Types that a registered model takes, answers with and runs on."""

    image_uri: str
    supported_content_types: list[str]
    supported_response_types: list[str] = Field(alias="supported_response_MIME_types")
    approval_status: str = "PendingManualApproval"
    instance_types: list[str] = Field(
        default=[INSTANCE], alias="SupportedRealtimeInferenceInstanceTypes"
    )
    transform_instance_types: list[str] = Field(
        default=[INSTANCE], alias="SupportedTransformInstanceTypes"
    )


class FrameworkRegistry(Foreign):
    """Settings of RegisterModel, and of CreateModel."""

    repack: bool = Field(default=True, alias="ModelRepack")
    description: str | None = Field(default=None, alias="ModelPackageDescription")
    inference: Inference = Field(alias="InferenceSpecification")
