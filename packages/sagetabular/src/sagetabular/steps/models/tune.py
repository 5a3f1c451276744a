"""Tune: search a model's hyperparameters; every trial is scored by cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.jobs.scoring.metrics import metrics_of
from sagetabular.settings.models.hyperparameters import CategoricalRange, IntegerRange
from sagetabular.steps.models.training import channels, resources, static_hyperparameters
from sagetabular.steps.named import encode, value_of
from sagetabular.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from sagetabular.settings.models.steps import Tune
    from sagetabular.settings.models.tuning import ModelTuning
    from sagetabular.settings.project import PipelineConf
    from sagetabular.steps.context import Context, JobStep
    from sagetabular.steps.models.task import Task


def metric_names(pipeline: PipelineConf) -> list[str]:
    """Return the metrics that trials print, the objective of the search first."""
    ranked = pipeline.metric.name
    others = [metric.name for metric in metrics_of(pipeline.task) if metric.name != ranked]
    return [f"cv:{name}" for name in (ranked, f"fold_{ranked}", *others)]


def tune(task: Task[Tune]) -> JobStep:
    """Build the step."""
    context = task.context
    earlier = warm_start(context, task.unit.model.tuning)
    request = {
        "HyperParameterTuningJobConfig": search(context, task.unit.model.tuning),
        "TrainingJobDefinition": {
            "StaticHyperParameters": static_hyperparameters(task, "tune.py"),
            "AlgorithmSpecification": {
                "TrainingImage": task.image(),
                "TrainingInputMode": "File",
                "MetricDefinitions": [
                    metric_definition(name) for name in metric_names(context.settings.pipeline)
                ],
            },
            "InputDataConfig": channels(task),
            "OutputDataConfig": {"S3OutputPath": context.execution_uri(task.path)},
            "RetryStrategy": {"MaximumRetryAttempts": 2},
            **resources(task),
        },
        **earlier,
    }
    # The key of SageMaker's cache leaves the warm start out: it would find the parent again.
    return task.build(StepTypeEnum.TUNING, request, cached=not earlier)


def metric_definition(name: str) -> dict[str, str]:
    """Return where the service finds a metric in the log of a trial."""
    return {"Name": name, "Regex": f"{name}=([^;]+);"}


def search(context: Context, tuning: ModelTuning | None) -> dict[str, Any]:
    """Return the `HyperParameterTuningJobConfig` of a model.

    Raises:
        ValueError: It has no tuning, which its settings should have seen.
    """
    if tuning is None:
        msg = "a tune step needs tuning"
        raise ValueError(msg)
    return {
        "Strategy": tuning.strategy,
        **_hyperband(context, tuning),
        "ResourceLimits": _limits(context, tuning),
        "HyperParameterTuningJobObjective": {
            "Type": context.settings.pipeline.metric.objective_type,
            "MetricName": metric_names(context.settings.pipeline)[0],
        },
        **_completion(context, tuning),
        "ParameterRanges": _ranges(context, tuning),
        "TrainingJobEarlyStoppingType": _early_stopping(context, tuning).capitalize(),
        "RandomSeed": context.parameters.seed,
    }


def warm_start(context: Context, tuning: ModelTuning | None) -> dict[str, Any]:
    """Return the member `WarmStartConfig` of a request; nothing without one."""
    if tuning is None or tuning.warm_start is None:
        return {}
    names = [value_of(name, context.parameters.named) for name in tuning.warm_start.parents]
    parents = [{"HyperParameterTuningJobName": name} for name in names]
    config = {"ParentHyperParameterTuningJobs": parents, "WarmStartType": tuning.warm_start.type}
    return {"WarmStartConfig": config}


def _hyperband(context: Context, tuning: ModelTuning) -> dict[str, Any]:
    """Return Hyperband's limits in folds: a trial prints their running mean after each."""
    if tuning.strategy != "Hyperband":
        return {}
    spent = {"MinResource": tuning.first_folds, "MaxResource": context.parameters.folds}
    return {"StrategyConfig": {"HyperbandStrategyConfig": spent}}


def _limits(context: Context, tuning: ModelTuning) -> dict[str, Any]:
    limits = {"MaxParallelTrainingJobs": context.parameters.parallel_trials}
    if tuning.strategy != "Grid":  # the service counts a grid itself, and refuses the number
        limits["MaxNumberOfTrainingJobs"] = context.parameters.trials
    minutes = tuning.max_minutes or context.settings.pipeline.tuning.max_minutes
    return limits | ({"MaxRuntimeInSeconds": minutes * 60} if minutes else {})


def _completion(context: Context, tuning: ModelTuning) -> dict[str, Any]:
    completion = tuning.completion or context.settings.pipeline.tuning.completion
    if completion is None:
        return {}
    criteria: dict[str, Any] = {}
    if completion.score is not None:
        criteria["TargetObjectiveMetricValue"] = completion.score
    if completion.idle_trials is not None:
        idle = {"MaxNumberOfTrainingJobsNotImproving": completion.idle_trials}
        criteria["BestObjectiveNotImproving"] = idle
    if completion.converged:
        criteria["ConvergenceDetected"] = {"CompleteOnConvergence": "Enabled"}
    return {"TuningJobCompletionCriteria": criteria}


def _early_stopping(context: Context, tuning: ModelTuning) -> str:
    """Return how trials end early; each prints the running mean of its folds for this."""
    if tuning.strategy == "Hyperband":  # the service refuses both at once
        return "off"
    return tuning.early_stopping or context.settings.pipeline.tuning.early_stopping


def _ranges(context: Context, tuning: ModelTuning) -> dict[str, list[dict[str, Any]]]:
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
        low, high = (value_of(end, context.parameters.named) for end in (entry.min, entry.max))
        bounds = {"MinValue": low, "MaxValue": high}
        ranges[f"{kind}ParameterRanges"].append(
            {"Name": name, **bounds, "ScalingType": entry.scaling}
        )
    return {kind: entries for kind, entries in ranges.items() if entries}
