"""The account's quotas for instances, against what can run at the same time."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

from sagetabular.aws.sagemaker.costs import demands
from sagetabular.compiling.checks.expressions import expressions, references, segments
from sagetabular.doctor.findings import ok, to_fix, unknown
from sagetabular.doctor.situation import ask_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

    from sagetabular.doctor.findings import Finding
    from sagetabular.doctor.situation import Situation

_USAGES = {
    "Processing": "processing job",
    "Training": "training job",
    "Transform": "transform job",
    "Tuning": "training job",
}
_NESTED = ("IfSteps", "ElseSteps")


def quotas(situation: Situation) -> Iterator[Finding]:
    """Check that each is as large as the number of instances that the pipeline can use at once."""
    client = situation.account.client("service-quotas")
    entries = ask_all(client, "list_service_quotas", "Quotas", ServiceCode="sagemaker")
    allowed = {entry["QuotaName"]: entry["Value"] for entry in entries}
    for name, needed in instances_at_once(situation).items():
        if name not in allowed:
            text = f"Service Quotas lists no {name!r}; {needed} may run at once."
            yield unknown(text, "Look at the quotas of SageMaker in the AWS console.")
        elif allowed[name] < needed:
            text = f"The quota {name!r} must be {needed}, which may run at once, got "
            yield to_fix(
                f"{text}{allowed[name]:g}.",
                "Ask for more in Service Quotas, or lower tuning.parallel or the instances.",
            )
        else:
            yield ok(f"{name}: {needed} of {allowed[name]:g} at once")


def instances_at_once(situation: Situation) -> dict[str, int]:
    """Return quota → how many instances the pipeline can use of it at once."""
    weights: dict[str, dict[str, int]] = {}
    for demand in demands(situation.definition, situation.values):
        spot = "spot " if demand.spot else ""
        name = f"{demand.instance} for {spot}{_USAGES[demand.kind]} usage"
        steps = weights.setdefault(name, {})
        steps[demand.step] = steps.get(demand.step, 0) + demand.at_once * demand.hosts
    return {name: most_at_once(situation.definition, steps) for name, steps in weights.items()}


def most_at_once(definition: Mapping[str, Any], weights: Mapping[str, int]) -> int:
    """Return the largest sum of weights over steps of which none waits for another.

    Args:
        definition: The pipeline definition.
        weights: Step → how much it takes while it runs; nothing for those left out.
    """
    related = _related(definition["Steps"])

    @cache
    def heaviest(steps: frozenset[str]) -> int:
        """Try the step that most others are related to: it is left out, or leaves those out."""
        step = max(sorted(steps), key=lambda name: len(related[name] & steps), default="")
        if not related[step] & steps:
            return sum(weights[name] for name in steps)
        group = _reached(step, related, steps)
        others = group - {step}
        best = max(heaviest(others), weights[step] + heaviest(others - related[step]))
        return best + heaviest(steps - group)

    return heaviest(frozenset(weights))


def _related(steps: list[dict[str, Any]]) -> Mapping[str, set[str]]:
    """Return step → the steps that wait for it and those that it waits for, directly or not."""
    after: dict[str, set[str]] = defaultdict(set)
    for before, step in _edges(steps, ()):
        after[before].add(step)
    names = {*after}.union(*after.values())
    related: dict[str, set[str]] = defaultdict(set)
    for before in names:
        for step in _reached(before, after, names) - {before}:
            related[before].add(step)
            related[step].add(before)
    return related


def _reached(start: str, beside: Mapping[str, set[str]], within: Set[str]) -> frozenset[str]:
    """Return a step and those that lead from it through others, of some steps."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting += beside[step] & within
    return frozenset(found)


def _edges(steps: list[dict[str, Any]], outer: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield step and the step that waits for it; what a condition holds waits for it."""
    for step in steps:
        own = {key: value for key, value in step["Arguments"].items() if key not in _NESTED}
        for _, expression in expressions(own, step["Name"]):
            for reference in references(expression):
                kind, name, *_ = segments(reference)
                if kind == "Steps":
                    yield name, step["Name"]
        for name in (*step.get("DependsOn", []), *outer):
            yield name, step["Name"]
        for branch in _NESTED:
            yield from _edges(step["Arguments"].get(branch, []), (step["Name"],))
