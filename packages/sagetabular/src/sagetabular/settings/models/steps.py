"""The classes of steps that a model's unit may consist of, with their settings and defaults.

None means that something wider decides: the model (`image`, `hyperparameters`), `resources` of
`conf/pipeline.yaml`, or the service's own default.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from sagetabular.settings.account import Tags
from sagetabular.settings.loading import RuleError, Settings
from sagetabular.settings.models.hyperparameters import Hyperparameters
from sagetabular.settings.models.inputs import Input
from sagetabular.settings.repeating import (
    FAULTS,
    INTERNAL_ERROR,
    STEP_FAULTS,
    Cache,
    CacheSettings,
    Retries,
)
from sagetabular.settings.resources import Image, InstanceType, MaxMinutes, VolumeGb

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=32)]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
Hosts = Annotated[int, Field(ge=1, le=100)]
CSV = "text/csv"
# Inputs that the pipeline adds by itself.
OWN_INPUTS = {"code", "trial", "hyperparameters", "serving"}


def _check_entry_point(value: str) -> str:
    path = PurePosixPath(value)
    names = [*path.parts[:-1], path.stem]
    if path.suffix != ".py" or not all(re.fullmatch(r"[A-Za-z_]\w*", name) for name in names):
        msg = f"must be a Python file in the model's folder, got {value[:100]!r}."
        raise RuleError(msg, "Write it like clean.py or steps/clean.py.")
    return value


EntryPoint = Annotated[str, AfterValidator(_check_entry_point)]


class StepSettings(Settings):
    """Settings of steps of every class."""

    inputs: dict[Name, Input] = Field(default_factory=dict)
    image: Image | None = None
    environment: dict[Variable, str] = Field(default_factory=dict)
    tags: Tags = Field(default_factory=dict)
    retries: Retries | None = None
    # What can happen to it.
    faults: ClassVar[tuple[str, ...]] = STEP_FAULTS

    @property
    def class_name(self) -> str:
        """Its class as `model.yaml` and `defaults` call it."""
        return type(self).__name__.lower()

    @model_validator(mode="after")
    def _retries_after_its_faults(self) -> Self:
        named = [name for policy in self.retries or [] for name in policy.exceptions]
        if foreign := [name for name in named if name not in self.faults]:
            msg = f"must not have retries after {foreign[0]}: it starts no job."
            raise RuleError(msg, f"It can have {' and '.join(self.faults)}.")
        return self

    @model_validator(mode="after")
    def _inputs_are_free(self) -> Self:
        if taken := sorted(OWN_INPUTS & set(self.inputs)):
            msg = f"must not have an input {taken[0]!r}: the pipeline adds it."
            raise RuleError(msg, "Give it another name.")
        return self


class JobSettings(StepSettings):
    """Settings of every step that starts a job."""

    instance_type: InstanceType | None = None
    cache: Cache = CacheSettings()
    faults: ClassVar[tuple[str, ...]] = FAULTS


class ProcessingSettings(JobSettings):
    """Settings of all Processing jobs."""

    isolated: bool | None = None
    volume_gb: VolumeGb | None = None
    max_minutes: MaxMinutes | None = None


class TrainingJobSettings(ProcessingSettings):
    """Settings of all Training jobs; a step's own hyperparameters come before the model's.

    Spot instances cost less and may be interrupted; `max_wait_minutes` limits waiting and running.
    """

    hyperparameters: Hyperparameters = Field(default_factory=dict)
    spot: bool | None = None
    max_wait_minutes: MaxMinutes | None = None

    @property
    def hosts(self) -> int:
        """Instances of each of its jobs."""
        return 1


class Process(ProcessingSettings):
    """Run a program of the model's folder."""

    step_class: Literal["process"] = Field(default="process", alias="class")
    entry_point: EntryPoint = "process.py"
    arguments: list[Annotated[str, Field(max_length=256)]] = Field(default_factory=list)
    outputs: Annotated[list[Name], Field(min_length=1, max_length=10)] = Field(default=["output"])
    upload: Literal["EndOfJob", "Continuous"] = "EndOfJob"
    instance_count: Hosts = 1

    @model_validator(mode="after")
    def _outputs_differ(self) -> Self:
        for position, name in enumerate(self.outputs):
            if name in self.outputs[:position]:
                msg = f"lists the output {name!r} twice."
                raise RuleError(msg, "Keep one of them.")
        return self


class Train(TrainingJobSettings):
    """Train with fixed hyperparameters: the model's own `fit`, a program, or an algorithm."""

    step_class: Literal["train"] = Field(default="train", alias="class")
    entry_point: EntryPoint | None = None
    model_data: Input | None = None
    instance_count: Hosts = 1

    @property
    def hosts(self) -> int:
        """Instances of each of its jobs."""
        return self.instance_count

    @model_validator(mode="after")
    def _one_earlier_model(self) -> Self:
        if self.model_data and "model" in self.inputs:
            msg = "has the earlier model twice: in model_data and in inputs.model."
            raise RuleError(msg, "Keep one of them.")
        return self


class Tune(TrainingJobSettings):
    """Search the hyperparameters; every trial is cross-validated, by all of its instances."""

    step_class: Literal["tune"] = Field(default="tune", alias="class")
    instance_count: Hosts = 1

    @property
    def hosts(self) -> int:
        """Instances of each of its jobs."""
        return self.instance_count

    @model_validator(mode="after")
    def _trials_are_counted(self) -> Self:
        for policy in self.retries or []:
            if INTERNAL_ERROR in policy.exceptions and policy.max_attempts is None:
                msg = f"needs max_attempts for retries after {INTERNAL_ERROR}, those of its trials."
                raise RuleError(msg, "Write it in place of expire_after_minutes.")
        return self


class Fit(TrainingJobSettings):
    """Fit on all training rows, with what the tune step before it found."""

    step_class: Literal["fit"] = Field(default="fit", alias="class")


class Evaluate(ProcessingSettings):
    """Score the fitted model on the test rows."""

    step_class: Literal["evaluate"] = Field(default="evaluate", alias="class")


class Create(StepSettings):
    """Make a SageMaker model of the fitted one."""

    step_class: Literal["create"] = Field(default="create", alias="class")
    isolated: bool | None = None


class Transform(JobSettings):
    """Predict a whole data set with a created model."""

    step_class: Literal["transform"] = Field(default="transform", alias="class")
    image: None = None
    instance_type: InstanceType = "ml.m5.xlarge"
    instance_count: Hosts = 1
    strategy: Literal["SingleRecord", "MultiRecord"] | None = None
    assemble_with: Literal["None", "Line"] | None = None
    join_source: Literal["None", "Input"] | None = None
    split_type: Literal["None", "Line", "RecordIO", "TFRecord"] | None = None
    compression: Literal["None", "Gzip"] | None = None
    content_type: str = CSV
    accept: str | None = None
    max_payload_mb: Annotated[int, Field(ge=0, le=100)] | None = None
    max_concurrent: Annotated[int, Field(ge=0, le=1000)] | None = None
    input_filter: Annotated[str, Field(max_length=63)] | None = None
    output_filter: Annotated[str, Field(max_length=63)] | None = None


Types = Annotated[list[str], Field(min_length=1)]
Instances = Annotated[list[InstanceType], Field(min_length=1)]
INFERENCE_INSTANCES = ["ml.m5.large", "ml.m5.xlarge"]


class Register(StepSettings):
    """Make the fitted model a version of a model package group."""

    step_class: Literal["register"] = Field(default="register", alias="class")
    group: Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")] | None = None
    description: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    approval: Literal["PendingManualApproval", "Approved", "Rejected"] | None = None
    content_types: Types | None = None
    response_types: Types | None = None
    instance_types: Instances = INFERENCE_INSTANCES
    transform_instance_types: Instances = INFERENCE_INSTANCES
