"""Where the inputs of a model's step lie: references to outputs of other steps, or S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.assets.collecting import MANIFEST
from sagetabular.steps.inputs import Source
from sagetabular.steps.job import text
from sagetabular.steps.sdk import StepTypeEnum
from sagetabular.steps.tune import best_trial_uri

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings.inputs import InputSettings, Link
    from sagetabular.steps.job import Context, JobStep


def resolve(given: InputSettings, context: Context, built: Mapping[str, JobStep]) -> Source:
    """Find out where an input lies.

    Args:
        given: The input.
        context: The project.
        built: `<unit>.<step>` → step, for all that the input may name.
    """
    data_type, uri = given.data_type, given.source
    if given.link:
        uri = _output(given.link, built)
    elif given.files and len(given.files) == 1:
        (uri,) = given.files
    elif given.files:
        manifest = context.assets.manifests[tuple(given.files)]
        data_type, uri = "ManifestFile", context.asset_uri(f"{manifest.key}/{MANIFEST}")
    return Source(uri, data_type, given.distribution, given.mode, given.content_type)


def _output(link: Link, built: Mapping[str, JobStep]) -> Any:
    step = built[f"{link.unit}.{link.step}"]
    properties = step.properties
    if step.step_type is StepTypeEnum.TRAINING:
        return properties.ModelArtifacts.S3ModelArtifacts
    if step.step_type is StepTypeEnum.TUNING:
        return best_trial_uri(step)
    if step.step_type is StepTypeEnum.TRANSFORM:
        uri = properties.TransformOutput.S3OutputPath
    else:
        uri = step.output(link.output or _only_output(step))
    return text(uri, link.prefix) if link.prefix else uri


def _only_output(step: JobStep) -> str:
    (output,) = step.arguments["ProcessingOutputConfig"]["Outputs"]
    name: str = output["OutputName"]
    return name
