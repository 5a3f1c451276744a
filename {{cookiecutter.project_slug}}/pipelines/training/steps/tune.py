"""Tune: search a model's hyperparameters; every trial is scored by cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.training.settings.model import CategoricalRange, IntegerRange
from pipelines.training.steps.job import text
from pipelines.training.steps.sdk import StepTypeEnum
from pipelines.training.steps.training import (
    channels,
    encode,
    resources,
    static_hyperparameters,
)

if TYPE_CHECKING:
    from pipelines.training.settings.model import ModelTuning
    from pipelines.training.steps.job import Context, JobStep
    from pipelines.training.steps.sdk import Join
    from pipelines.training.steps.task import Task

OBJECTIVE = "cv:r2"
METRICS = (OBJECTIVE, "cv:fold_r2", "cv:rmse", "cv:mae")


def tune(task: Task) -> JobStep:
    """Build the step."""
    context = task.context
    request = {
        "HyperParameterTuningJobConfig": _search(context, task.unit.model.tuning),
        "TrainingJobDefinition": {
            "StaticHyperParameters": static_hyperparameters(task, "tune.py"),
            "AlgorithmSpecification": {
                "TrainingImage": task.image(),
                "TrainingInputMode": "File",
                "MetricDefinitions": [metric_definition(name) for name in METRICS],
            },
            "InputDataConfig": channels(task),
            "OutputDataConfig": {"S3OutputPath": context.execution_uri(task.path)},
            "RetryStrategy": {"MaximumRetryAttempts": 2},
            **resources(task),
        },
    }
    return task.build(StepTypeEnum.TUNING, request)


def metric_definition(name: str) -> dict[str, str]:
    """Where the service finds a metric in the log of a trial."""
    return {"Name": name, "Regex": f"{name}=([^;]+);"}


def tuned_hyperparameters(tuning: ModelTuning, step: JobStep) -> dict[str, Any]:
    """References to the hyperparameters of the best trial."""
    best = step.properties.BestTrainingJob.TunedHyperParameters
    return {name: best[name] for name in tuning.ranges}


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


def _search(context: Context, tuning: ModelTuning | None) -> dict[str, Any]:
    if tuning is None:  # the settings have made sure of it
        msg = "a tune step needs tuning"
        raise ValueError(msg)
    parameters = context.parameters
    # Every trial prints the running mean of its folds, which is what this needs.
    early_stopping = tuning.early_stopping or context.settings.pipeline.tuning.early_stopping
    limits = {"MaxParallelTrainingJobs": parameters.parallel_trials}
    if tuning.strategy != "Grid":  # the service counts a grid itself, and refuses the number
        limits["MaxNumberOfTrainingJobs"] = parameters.trials
    return {
        "Strategy": tuning.strategy,
        "ResourceLimits": limits,
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": OBJECTIVE},
        "ParameterRanges": _ranges(tuning),
        "TrainingJobEarlyStoppingType": early_stopping.capitalize(),
        "RandomSeed": parameters.seed,
    }


def _ranges(tuning: ModelTuning) -> dict[str, list[dict[str, Any]]]:
    ranges: dict[str, list[dict[str, Any]]] = {
        "IntegerParameterRanges": [],
        "ContinuousParameterRanges": [],
        "CategoricalParameterRanges": [],
    }
    for name, entry in tuning.ranges.items():
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
