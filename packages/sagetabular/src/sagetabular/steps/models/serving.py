"""How an image of AWS comes to serve a model of ours: script mode, with the code in the artefact.

The container of an isolated model cannot fetch an archive, so the fit packs the code beside the
model; the image finds it by its environment, and installs it with pip, as in a training job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.assets.serving_code import PROGRAM
from sagetabular.settings.models.images import FrameworkImage
from sagetabular.settings.models.served import origin_of
from sagetabular.settings.models.steps import CSV, StepSettings
from sagetabular.steps.inputs import Source

if TYPE_CHECKING:
    from sagetabular.steps.models.task import Task

# The toolkits install an archive with pip, which must not look for a build environment on the
# network.
PIP_OFFLINE = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
CHANNEL = "serving"
_ENVIRONMENT = {
    "SAGEMAKER_PROGRAM": PROGRAM,
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    # What the project's own image answers with where the client does not mind.
    "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": CSV,
    **PIP_OFFLINE,
}


def serving_channel(task: Task[StepSettings]) -> dict[str, Source]:
    """The channel from which a fit packs the code, if an image of AWS is to serve the model."""
    settings, assets = task.context.settings, task.context.assets
    if task.step.key not in settings.served_by_aws:
        return {}
    return {CHANNEL: Source(task.context.asset_uri(assets.serving[task.step.unit].key))}


def is_served_by_our_code(task: Task[StepSettings]) -> bool:
    """Whether a step that takes a model gives it to an image of AWS, with the code in it."""
    image = task.settings.image or task.unit.model.image
    served = task.context.settings.served_by_aws
    return isinstance(image, FrameworkImage) and origin_of(task.step) in served


def serving_environment(task: Task[StepSettings]) -> dict[str, str]:
    """The variables of a model's container: those of script mode if it needs them, and its own."""
    own: dict[str, str] = task.settings.environment
    return {**_ENVIRONMENT, **own} if is_served_by_our_code(task) else own
