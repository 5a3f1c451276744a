"""The configuration files of dynamic-sagemaker-pipelines-framework."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from sagetabular.migration.framework.blocks import Path
from sagetabular.migration.schema import Foreign


def _listed(value: Any) -> Any:
    """Make a bare name a list of one: the framework took it for a list of letters."""
    return [value] if isinstance(value, str) else value


class FrameworkModel(Foreign):
    """A model: blocks of settings, which steps name by their `step_type`."""

    not_carried: ClassVar = {"name": "SageMaker names the models that a pipeline creates"}
    open_keys: ClassVar = True

    source_directory: Path | None = None
    name: Any = None


StepClass = Literal[
    "Processing", "Training", "CreateModel", "Transform", "Metrics", "RegisterModel"
]


class FrameworkStep(Foreign):
    """A step of the pipeline."""

    name: str = Field(alias="step_name", min_length=1)
    kind: StepClass = Field(alias="step_class")
    block: str | None = Field(default=None, alias="step_type")
    cache: bool | None = Field(default=None, alias="enable_cache")
    sources: Annotated[list[str], BeforeValidator(_listed)] = Field(
        default_factory=list, alias="chain_input_source_step"
    )
    prefix: str = Field(default="", alias="chain_input_additional_prefix")


class FrameworkUnit(Foreign):
    """The steps of a model."""

    steps: list[FrameworkStep] = Field(min_length=1)


class FrameworkPipeline(Foreign):
    """The steps, and which waits for which."""

    name: str | None = Field(default=None, alias="pipelineName")
    models: dict[str, FrameworkUnit] = Field(min_length=1)
    dependencies: list[str] = Field(default_factory=list)


class FrameworkNetwork(Foreign):
    """The account side; subnets and security groups are lists with commas."""

    role: str | None = None
    subnets: str | None = None
    security_groups: str | None = Field(default=None, alias="security_groups_id")
    kms_key: str | None = None


class Configuration(Foreign):
    """Everything below `conf` in a file."""

    not_carried: ClassVar = {"files": "the files were named on the command line"}

    bucket: str | None = Field(default=None, alias="s3Bucket")
    files: Any = Field(default=None, alias="modelConfigFilePath")
    network: FrameworkNetwork = Field(default=FrameworkNetwork(), alias="sagemakerNetworkSecurity")
    models: dict[str, FrameworkModel | None] = Field(default_factory=dict)
    pipeline: FrameworkPipeline | None = Field(default=None, alias="sagemakerPipeline")


class File(Foreign):
    """The whole of a file."""

    conf: Configuration
