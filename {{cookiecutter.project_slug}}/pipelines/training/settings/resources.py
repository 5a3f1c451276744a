"""Resources of the jobs on AWS."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipelines.training.settings.loading import Settings

InstanceType = Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
VolumeGb = Annotated[int, Field(ge=1, le=16384)]
MaxMinutes = Annotated[int, Field(ge=1, le=7200)]


class Job(Settings):
    """Resources of one kind of job."""

    instance_type: InstanceType = "ml.m5.xlarge"
    volume_gb: VolumeGb = 30
    max_minutes: MaxMinutes = 60


class Resources(Settings):
    """Resources of the jobs on AWS; a local run uses this machine's cores."""

    processing: Job = Job()
    training: Job = Job(max_minutes=120)
