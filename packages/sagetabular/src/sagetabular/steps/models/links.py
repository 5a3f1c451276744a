"""References of steps to what others made: inputs, trials, the best trial's hyperparameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.assets.collecting import MANIFEST
from sagetabular.steps.context import text
from sagetabular.steps.inputs import Source
from sagetabular.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings.models.inputs import InputSettings, Link
    from sagetabular.settings.models.tuning import ModelTuning
    from sagetabular.steps.context import Context, JobStep
    from sagetabular.steps.sdk import Join


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


def tuned_hyperparameters(tuning: ModelTuning, step: JobStep) -> dict[str, Any]:
    """Return references to the hyperparameters of the best trial."""
    best = step.properties.BestTrainingJob.TunedHyperParameters
    return {name: best[name] for name in tuning.ranges}


def trials_uri(step: JobStep) -> Join:
    """Return the S3 prefix of what all trials left, each below its training job's name.

    Taken from the tuning job itself: a reused one lies below the prefix of the execution that ran
    it. Without the slash it would also name what begins alike, such as the trials of `tree_2`.
    """
    return text(step.properties.TrainingJobDefinition.OutputDataConfig.S3OutputPath, "/")


def best_trial_uri(step: JobStep) -> Join:
    """Return the S3 URI of what the best trial left behind."""
    best = step.properties.BestTrainingJob.TrainingJobName
    return text(*trials_uri(step).values, best, "/output/model.tar.gz")
