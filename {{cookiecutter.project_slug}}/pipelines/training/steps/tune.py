"""Tune: search a model's hyperparameters; every trial is scored by cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.training.settings.model import CategoricalRange, IntegerRange
from pipelines.training.steps.job import JobStep, text
from pipelines.training.steps.sdk import StepTypeEnum
from pipelines.training.steps.training import (
    channels,
    encode,
    image_of,
    resources,
    static_hyperparameters,
)

if TYPE_CHECKING:
    from pipelines.training.settings.model import Model
    from pipelines.training.steps.job import Context
    from pipelines.training.steps.sdk import Join

OBJECTIVE = "cv:r2"
METRICS = (OBJECTIVE, "cv:fold_r2", "cv:rmse", "cv:mae")


def tune(context: Context, model: str, preprocess: JobStep) -> JobStep:
    """Build the step."""
    request = {
        "HyperParameterTuningJobConfig": _search(context, context.settings.models[model]),
        "TrainingJobDefinition": {
            "StaticHyperParameters": static_hyperparameters(context, model, "tune.py"),
            "AlgorithmSpecification": {
                "TrainingImage": image_of(context, model),
                "TrainingInputMode": "File",
                "MetricDefinitions": [metric_definition(name) for name in METRICS],
            },
            "InputDataConfig": channels(context, model, preprocess.output("train")),
            "OutputDataConfig": {"S3OutputPath": context.execution_uri(f"tune/{model}")},
            "RetryStrategy": {"MaximumRetryAttempts": 2},
            **resources(context),
        },
    }
    title = context.settings.models[model].title
    return JobStep(f"Tune{title}", StepTypeEnum.TUNING, request)


def metric_definition(name: str) -> dict[str, str]:
    """Where the service finds a metric in the log of a trial."""
    return {"Name": name, "Regex": f"{name}=([^;]+);"}


def tuned_hyperparameters(context: Context, model: str, step: JobStep) -> dict[str, Any]:
    """References to the hyperparameters of the best trial."""
    best = step.properties.BestTrainingJob.TunedHyperParameters
    return {name: best[name] for name in context.settings.models[model].tuning.ranges}


def trials_uri(step: JobStep) -> Join:
    """S3 prefix of what all trials left behind, each below the name of its training job.

    Taken from the tuning job itself: a reused one lies below the prefix of the execution that ran
    it. Without the slash it would also name what begins alike, such as the trials of `tree_2`.
    """
    return text(step.properties.TrainingJobDefinition.OutputDataConfig.S3OutputPath, "/")


def best_trial_uri(step: JobStep) -> Join:
    """S3 URI of what the best trial left behind."""
    best = step.properties.BestTrainingJob.TrainingJobName
    return text(*trials_uri(step).values, best, "/output/model.tar.gz")


def _search(context: Context, model: Model) -> dict[str, Any]:
    parameters = context.parameters
    # Every trial prints the running mean of its folds, which is what this needs.
    early_stopping = model.tuning.early_stopping or context.settings.pipeline.tuning.early_stopping
    limits = {"MaxParallelTrainingJobs": parameters.parallel_trials}
    if model.tuning.strategy != "Grid":  # the service counts a grid itself, and refuses the number
        limits["MaxNumberOfTrainingJobs"] = parameters.trials
    return {
        "Strategy": model.tuning.strategy,
        "ResourceLimits": limits,
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": OBJECTIVE},
        "ParameterRanges": _ranges(model),
        "TrainingJobEarlyStoppingType": early_stopping.capitalize(),
        "RandomSeed": parameters.seed,
    }


def _ranges(model: Model) -> dict[str, list[dict[str, Any]]]:
    ranges: dict[str, list[dict[str, Any]]] = {
        "IntegerParameterRanges": [],
        "ContinuousParameterRanges": [],
        "CategoricalParameterRanges": [],
    }
    for name, entry in model.tuning.ranges.items():
        if isinstance(entry, CategoricalRange):
            values = [encode(value) for value in entry.values]
            ranges["CategoricalParameterRanges"].append({"Name": name, "Values": values})
            continue
        kind = "Integer" if isinstance(entry, IntegerRange) else "Continuous"
        bounds = {"MinValue": repr(entry.min), "MaxValue": repr(entry.max)}
        ranges[f"{kind}ParameterRanges"].append(
            {"Name": name, **bounds, "ScalingType": entry.scaling}
        )
    return {kind: entries for kind, entries in ranges.items() if entries}
