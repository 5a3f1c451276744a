"""Resources of the jobs on AWS."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

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
