"""What the models of an execution are scored by: its task, and the metric that selects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

from sagelocal.definition import parse_definition
from sagetabular.jobs.scoring.metrics import METRICS, Metric, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagelocal import ExecutionRecord

# What was meant before there was a choice; settings travel only where they are not the default.
TASK: Task = "regression"
R2 = METRICS["r2"]
_PREFIX = "cv:"  # of an objective: the metric, cross-validated
_UNKNOWN = Metric("score", "score", True, ())


@dataclass(frozen=True)
class Scoring:
    """The task of an execution, and the metric that its models are selected by."""

    task: Task
    metric: Metric


def scoring_of(selection: Mapping[str, Any], record: ExecutionRecord) -> Scoring:
    """Return what an execution's models are scored by.

    Args:
        selection: Its `selection.json`; one of an earlier release has neither task nor metric.
            Empty if the execution did not come so far.
        record: The execution, whose definition says what was asked for.
    """
    if selection:
        return _scoring(selection.get("task"), selection.get("metric"))
    found = dict(_asked(record.definition()))
    return _scoring(found.get("job_task"), found.get("job_metric"))


def objectives_in(definition: bytes) -> dict[str, Metric]:
    """Return step → what it searches for, of each tuning step of a definition."""
    steps = parse_definition(definition).steps.values()
    return {step.name: objective_of(step.arguments) for step in steps if step.kind == "Tuning"}


def objective_of(request: Mapping[str, Any]) -> Metric:
    """Return what a search optimises, and in which direction.

    Args:
        request: For a tuning job, or what SageMaker tells of it.
    """
    config = request.get("HyperParameterTuningJobConfig", {})
    objective = config.get("HyperParameterTuningJobObjective")
    if not objective:  # hyperparameters are compared by what their container says
        return _UNKNOWN
    metric = metric_named(str(objective["MetricName"]).removeprefix(_PREFIX))
    return replace(metric, greater_is_better=objective.get("Type") != "Minimize")


def metric_named(name: str) -> Metric:
    """Return a metric; one of somebody else's is called as it is, and more of it is better."""
    return METRICS.get(name) or Metric(name, name, True, ())


def _scoring(task: object, metric: object) -> Scoring:
    known = metric_named(str(metric)) if metric else R2
    tasks: tuple[Task, ...] = get_args(Task)
    if task in tasks:
        return Scoring(next(each for each in tasks if each == task), known)
    return Scoring(TASK if TASK in known.tasks or not known.tasks else known.tasks[0], known)


def _asked(definition: bytes) -> Iterator[tuple[str, str]]:
    """Yield task and metric as the steps of a definition are told them."""
    for step in parse_definition(definition).steps.values():
        training = step.arguments.get("TrainingJobDefinition", step.arguments)
        for member in ("StaticHyperParameters", "HyperParameters"):
            told = training.get(member) or {}
            yield from ((name, told[name]) for name in ("job_task", "job_metric") if name in told)
