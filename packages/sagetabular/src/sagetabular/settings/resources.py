"""The machines and images that jobs run on."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from sagetabular.settings.loading import RuleError, Settings

InstanceType = Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
VolumeGb = Annotated[int, Field(ge=1, le=16384)]
MaxMinutes = Annotated[int, Field(ge=1, le=7200)]


class JobResources(Settings):
    """Resources of one kind of job."""

    instance_type: InstanceType = "ml.m5.xlarge"
    volume_gb: VolumeGb = 30
    max_minutes: MaxMinutes = 60


class DataWranglerResources(JobResources):
    """Resources of the job that runs a flow: Spark, on a machine that Data Wrangler supports."""

    instance_type: InstanceType = "ml.m5.4xlarge"


class TrainingResources(JobResources):
    """Resources of Training jobs.

    Attributes:
        spot: Whether they run on spare capacity, for less, and may be interrupted.
        max_wait_minutes: The longest time for waiting and running together, on spot instances;
            twice `max_minutes` if left out.
    """

    max_minutes: MaxMinutes = 120
    spot: bool = False
    max_wait_minutes: MaxMinutes | None = None

    @model_validator(mode="after")
    def _waits_for_spot(self) -> Self:
        if self.max_wait_minutes is not None and not self.spot:
            msg = f"takes max_wait_minutes with spot only, got {self.max_wait_minutes}."
            raise RuleError(msg, "Add `spot: true`, or remove it.")
        return self


class Resources(Settings):
    """Resources of the jobs on AWS; a local run uses this machine's cores."""

    processing: JobResources = JobResources()
    data_wrangler: DataWranglerResources = DataWranglerResources()
    training: TrainingResources = TrainingResources()


class FrameworkImage(Settings):
    """One of AWS's own images, in script mode."""

    framework: Literal["xgboost"]
    version: str


class AnyImage(Settings):
    """Any other image in ECR that can run what the step asks for."""

    uri: Annotated[str, Field(pattern=r"^\S+$", max_length=255)]


class Algorithm(Settings):
    """An algorithm resource of SageMaker, one's own or from the Marketplace."""

    algorithm: Annotated[
        str, Field(pattern=r"^arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:\d{12}:algorithm/\S+$")
    ]


def _image_kind(value: object) -> str:
    if isinstance(value, str):
        return "project-image"
    kinds = {"uri": "any-image", "algorithm": "algorithm-image"}
    keys = value if isinstance(value, dict) else getattr(value, "model_fields_set", ())
    return next((kind for key, kind in kinds.items() if key in keys), "framework-image")


# `project` and `jobs` are the project's own two images: pipeline parameters ImageUri, JobsImageUri.
Image = Annotated[
    Annotated[Literal["project", "jobs"], Tag("project-image")]
    | Annotated[FrameworkImage, Tag("framework-image")]
    | Annotated[AnyImage, Tag("any-image")]
    | Annotated[Algorithm, Tag("algorithm-image")],
    Discriminator(_image_kind),
]
