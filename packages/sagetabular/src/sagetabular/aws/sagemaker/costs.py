"""Costs of an execution: the jobs that a definition asks for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.compiling.checks.expressions import GET, all_steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_JOBS = ("Processing", "Training", "Transform", "Tuning")


@dataclass(frozen=True)
class Demand:
    """The instances of one type that a step starts.

    Attributes:
        step: Name of the step.
        kind: Its type; the jobs of `Tuning` are trials.
        instance: Type of the instances.
        hosts: Instances of one job.
        jobs: How many jobs it may start in all.
        at_once: How many of them may run at the same time.
        spot: Whether they are spot instances.
    """

    step: str
    kind: str
    instance: str
    hosts: int
    jobs: int
    at_once: int
    spot: bool


def billed_jobs(definition: Mapping[str, Any], values: Mapping[str, object]) -> list[str]:
    """Return what an execution may start, one phrase per kind of job and instance.

    Args:
        definition: The pipeline definition.
        values: Value of every parameter.
    """
    counts: Counter[str] = Counter()
    for demand in demands(definition, values):
        kind = "tuning trials" if demand.kind == "Tuning" else f"{demand.kind} jobs"
        times = "" if demand.hosts == 1 else f"{demand.hosts} times "
        counts[f"{kind} on {times}{demand.instance}"] += demand.jobs
    return [f"up to {count} {what}" for what, count in counts.items()]


def demands(definition: Mapping[str, Any], values: Mapping[str, object]) -> Iterator[Demand]:
    """Yield what each step starts, those inside conditions too.

    Args:
        definition: The pipeline definition.
        values: Value of every parameter.
    """
    for step in all_steps(definition["Steps"]):
        if step["Type"] not in _JOBS:
            continue
        request = step["Arguments"]
        jobs, at_once = _trials(request, values) if step["Type"] == "Tuning" else (1, 1)
        for place in _instances(request):
            yield Demand(
                step=step["Name"],
                kind=step["Type"],
                instance=str(value_of(place["InstanceType"], values)),
                hosts=int(str(value_of(place.get("InstanceCount", 1), values))),
                jobs=jobs,
                at_once=at_once,
                spot=_spot(request),
            )


def value_of(expression: object, values: Mapping[str, object]) -> object:
    """Return what a parameter's reference stands for; anything else is a literal."""
    if isinstance(expression, dict) and GET in expression:
        return values[str(expression[GET]).removeprefix("Parameters.")]
    return expression


def _trials(request: Mapping[str, Any], values: Mapping[str, object]) -> tuple[int, int]:
    """Return how many trials a search may start, in all and at once; a grid has ranges alone."""
    configuration = request["HyperParameterTuningJobConfig"]
    limits = configuration["ResourceLimits"]
    total = 1
    for wanted in configuration["ParameterRanges"].get("CategoricalParameterRanges", []):
        total *= len(wanted["Values"])
    total = int(str(value_of(limits.get("MaxNumberOfTrainingJobs", total), values)))
    return total, min(total, int(str(value_of(limits["MaxParallelTrainingJobs"], values))))


def _spot(request: Mapping[str, Any]) -> bool:
    job = request.get("TrainingJobDefinition", request)
    return bool(job.get("EnableManagedSpotTraining", False))


def _instances(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every part of a request that names a type of instance."""
    if isinstance(value, dict):
        if "InstanceType" in value:
            yield value
        for item in value.values():
            yield from _instances(item)
    elif isinstance(value, list):
        for item in value:
            yield from _instances(item)
