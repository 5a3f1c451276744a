"""What an execution makes AWS bill: the jobs that a definition asks for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_GET = "Get"
_JOBS = ("Processing", "Training", "Transform")


def billed_jobs(definition: Mapping[str, Any], values: Mapping[str, object]) -> list[str]:
    """Say what an execution may start, one phrase per kind of job and instance.

    Args:
        definition: The pipeline definition.
        values: Value of every parameter.
    """
    counts: Counter[str] = Counter()
    for step in _all_steps(definition["Steps"]):
        if step["Type"] not in (*_JOBS, "Tuning"):
            continue
        kind, jobs = step["Type"], 1
        if kind == "Tuning":
            kind, jobs = "tuning trials", _trials(step["Arguments"], values)
        else:
            kind = f"{kind} jobs"
        for place in _instances(step["Arguments"]):
            hosts = _value(place.get("InstanceCount", 1), values)
            times = "" if hosts == 1 else f"{hosts} times "
            counts[f"{kind} on {times}{_value(place['InstanceType'], values)}"] += jobs
    return [f"up to {count} {what}" for what, count in counts.items()]


def _trials(request: Mapping[str, Any], values: Mapping[str, object]) -> int:
    """How many trials a search may start; a grid says so by its ranges alone."""
    configuration = request["HyperParameterTuningJobConfig"]
    limit = configuration["ResourceLimits"].get("MaxNumberOfTrainingJobs")
    if limit is not None:
        return int(str(_value(limit, values)))
    total = 1
    for wanted in configuration["ParameterRanges"].get("CategoricalParameterRanges", []):
        total *= len(wanted["Values"])
    return total


def _all_steps(steps: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for step in steps:
        yield step
        if step["Type"] == "Condition":
            yield from _all_steps(step["Arguments"]["IfSteps"])
            yield from _all_steps(step["Arguments"]["ElseSteps"])


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


def _value(expression: object, values: Mapping[str, object]) -> object:
    """Return what a parameter's reference stands for; anything else is a literal."""
    if isinstance(expression, dict) and _GET in expression:
        return values[str(expression[_GET]).removeprefix("Parameters.")]
    return expression
