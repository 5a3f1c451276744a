"""Files of a model tuner: `ml-parameters.json`, `hyperparameters.json`, `manifest.json`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel, to_pascal

from sagetabular.migration.schema import Foreign

ENDPOINT = "this project deploys no endpoint from its pipeline"
NETWORK = "`network` in conf/aws.yaml is that of all jobs"
Count = Annotated[int, Field(ge=1)]


class _Camel(Foreign):
    model_config = ConfigDict(alias_generator=to_camel)


class _Pascal(Foreign):
    model_config = ConfigDict(alias_generator=to_pascal)


class HostedModel(_Camel):
    """The model that is made of the best trial, and its endpoint."""

    not_carried: ClassVar = {
        "artifact_type": "save and load of model.py say how a model is stored",
        "artifacts_s3_output_path": "results lie below the prefix of the execution",
        "training_security_group_ids": NETWORK,
        "training_subnets": NETWORK,
        "hosting": ENDPOINT,
    }

    name: str | None = None
    artifact_type: Any = None
    artifacts_s3_output_path: Any = Field(default=None, alias="artifactsS3OutputPath")
    training_security_group_ids: Any = None
    training_subnets: Any = None
    hosting: Any = None


class TuningObjective(Foreign):
    """What the search looks for, as SageMaker's API has it."""

    model_config = ConfigDict(alias_generator=to_pascal)

    metric_name: str
    type: str


class TunerParameters(_Camel):
    """`ml-parameters.json`."""

    not_carried: ClassVar = {
        "algorithm": "trials run fit of model.py: write the algorithm there",
        "training_job_definition_name": "the pipeline names its jobs",
        "checkpoints": "checkpoints of spot instances lie below the prefix of the project",
        "endpoint_name": ENDPOINT,
        "autoscaling_min_capacity": ENDPOINT,
        "autoscaling_max_capacity": ENDPOINT,
        "target_tracking_scaling_policy_configuration": ENDPOINT,
    }

    tuning_job_name: str
    tuning_strategy: str = "Bayesian"
    algorithm: Any = Field(default=None, alias="algorithmARN")
    parallel: Count = Field(default=10, alias="maxParallelTrainingJobs")
    trials: Count = Field(default=10, alias="maxNumberOfTrainingJobs")
    input_content_type: str | None = None
    training_job_definition_name: Any = None
    spot: bool = Field(default=False, alias="enableManagedSpotTraining")
    checkpoints: Any = Field(default=None, alias="spotTrainingCheckpointS3Uri")
    instance_type: str = Field(default="ml.c5.2xlarge", alias="trainingInstanceType")
    volume_gb: Count = Field(default=30, alias="trainingInstanceVolumeSizeInGB")
    early_stopping: Literal["Auto", "Off"] = Field(
        default="Off", alias="trainingJobEarlyStoppingType"
    )
    objective: TuningObjective | None = Field(default=None, alias="tuningObjective")
    endpoint_name: Any = None
    model: HostedModel = HostedModel()
    autoscaling_min_capacity: Any = None
    autoscaling_max_capacity: Any = None
    target_tracking_scaling_policy_configuration: Any = None


class _Range(_Pascal):
    name: str = Field(min_length=1)


class TunerIntegerRange(_Range):
    """Whole numbers, written as text."""

    min_value: int
    max_value: int
    scaling_type: str = "Auto"


class TunerContinuousRange(_Range):
    """Numbers, written as text."""

    min_value: float
    max_value: float
    scaling_type: str = "Auto"


class TunerCategoricalRange(_Range):
    """Texts to choose from."""

    values: list[str]


class Ranges(_Pascal):
    """Ranges of a search."""

    integer_parameter_ranges: list[TunerIntegerRange] = Field(default_factory=list)
    continuous_parameter_ranges: list[TunerContinuousRange] = Field(default_factory=list)
    categorical_parameter_ranges: list[TunerCategoricalRange] = Field(default_factory=list)


class Hyperparameters(_Camel):
    """`hyperparameters.json`."""

    parameter_ranges: Ranges
    static: dict[str, str | int | float | bool] = Field(
        default_factory=dict, alias="staticHyperParameters"
    )


class DataSource(_Pascal):
    """Place of a channel's data."""

    not_carried: ClassVar = {"attribute_names": "only augmented manifests have them"}

    uri: str = Field(alias="S3Uri")
    data_type: str = Field(default="S3Prefix", alias="S3DataType")
    distribution: str = Field(default="FullyReplicated", alias="S3DataDistributionType")
    attribute_names: Any = None


class TunerChannel(_Camel):
    """One channel of the trials."""

    name: str = Field(alias="channelName", min_length=1)
    source: DataSource = Field(alias="s3DataSource")


class TunerManifest(_Camel):
    """`manifest.json`."""

    channels: list[TunerChannel] = Field(min_length=1)
