"""What the requests of Tune and Fit share: script mode, with the code as an input channel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipelines.errors import UserError
from pipelines.training.assets import ARCHIVE
from pipelines.training.settings.model import FrameworkImage
from pipelines.training.steps.job import text
from pipelines.training.steps.sdk import image_uris

if TYPE_CHECKING:
    from pipelines.training.steps.job import Context

CODE_CHANNEL = "/opt/ml/input/data/code"
# The toolkit installs the archive with pip, which must not look for a build environment on the
# network.
ENVIRONMENT = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}


def image_of(context: Context, model: str) -> Any:
    """URI of a model's image: AWS's own for the region, or the parameter `ImageUri`."""
    image = context.settings.models[model].image
    if isinstance(image, FrameworkImage):
        region = context.settings.aws.region
        try:
            return image_uris.retrieve(image.framework, region, version=image.version)
        except ValueError as err:
            msg = f"models/{model}/model.yaml: image.version must be one that exists in {region}"
            remedy = "Correct it, or region in conf/aws.yaml."
            raise UserError(f"{msg}, got {image.version!r}.", remedy) from err
    return context.parameters.image


def static_hyperparameters(context: Context, model: str, program: str) -> dict[str, Any]:
    """Hyperparameters that are the same in every trial and in the fit.

    Settings that change a result are hyperparameters, not environment: the key of SageMaker's
    tuning cache leaves the environment out.
    """
    split = context.settings.pipeline.split
    chosen = context.settings.models[model].hyperparameters
    return {
        "sagemaker_program": program,
        "sagemaker_submit_directory": f"{CODE_CHANNEL}/{ARCHIVE}",
        "job_model": model,
        "job_target": context.settings.pipeline.data.target,
        "job_split": split.kind,
        "job_seed": text(context.parameters.seed),
        **{name: encode(value) for name, value in chosen.items()},
    }


def encode(value: str | float | bool) -> str:
    """A hyperparameter as SageMaker's text: JSON, so that the job gets back the type it had."""
    return json.dumps(value, ensure_ascii=False)


def channels(context: Context, model: str, train: Any) -> list[dict[str, Any]]:
    """The channels `train` and `code`."""
    code = context.asset_uri(context.assets.model_archives[model].key)
    return [_channel("train", train), _channel("code", code)]


def resources(context: Context) -> dict[str, Any]:
    """Instances, limits and isolation."""
    job = context.settings.pipeline.resources.training
    return {
        "ResourceConfig": {
            "InstanceType": context.parameters.training_instance,
            "InstanceCount": 1,
            "VolumeSizeInGB": job.volume_gb,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": job.max_minutes * 60},
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "RoleArn": context.parameters.role,
        "Environment": ENVIRONMENT,
    }


def _channel(name: str, uri: Any) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, "InputMode": "File"}
