"""Retry policies, which are checked and never acted on, and spot jobs, which go on after a kill.

A retry policy answers faults of the service: a call that fails, instances that are not there. None
of them can happen here. A job that something kills, as the kernel does when memory runs out, is no
such fault: on the service it has failed (`AlgorithmError`, exit code 137) and is not run again.
Only a spot job is: the service may take its machine away at any time, and starts it again with its
checkpoints.

The limits are those of
https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html and of the SDK's
`sagemaker.mlops.workflow.retry`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sagelocal.definition.graph import Definition, Step
from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject

# How often a spot job goes on here. The service has no such limit, and tells the two kills apart.
MOST_INTERRUPTIONS = 5

_OF_STEPS = ("Step.SERVICE_FAULT", "Step.THROTTLING")
_OF_JOBS = tuple(
    f"SageMaker.{n}" for n in ("JOB_INTERNAL_ERROR", "CAPACITY_ERROR", "RESOURCE_LIMIT")
)
_WITHOUT_JOB = ("Model", "RegisterModel")
_WITH_POLICIES = ("Processing", "Training", "Tuning", "Transform", *_WITHOUT_JOB)
_GUIDE = "See pipelines-retry-policy in SageMaker's developer guide."


@dataclass(frozen=True)
class _Limit:
    """The bounds of a number in a policy."""

    most: float
    whole: bool = True

    def allows(self, value: object) -> bool:
        """Return whether a value is a number within the bounds."""
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            return False
        return 0 <= value <= self.most

    def __str__(self) -> str:
        kind = "an integer" if self.whole else "a number"
        return (
            f"{kind} of 0 or more" if math.isinf(self.most) else f"{kind} from 0 to {self.most:g}"
        )


_NUMBERS = {
    "IntervalSeconds": _Limit(43200),
    "BackoffRate": _Limit(math.inf, whole=False),
    "MaxAttempts": _Limit(20),
    "ExpireAfterMin": _Limit(14400),
}


def check_retry_policies(definition: Definition) -> None:
    """Check the retry policies of all steps.

    Raises:
        DefinitionError: If the service would refuse one.
    """
    for step in definition.steps.values():
        for number, policy in enumerate(step.retry_policies):
            if step.kind not in _WITH_POLICIES:
                raise DefinitionError(
                    f"Step {step.name}: a {step.kind} step has no RetryPolicies.", "Remove them."
                )
            for problem in _problems(policy, step):
                where = f"Step {step.name}: RetryPolicies[{number}]"
                raise DefinitionError(f"{where}{problem}.", _GUIDE)


def _problems(policy: JsonObject, step: Step) -> Iterator[str]:
    """Yield what is wrong with a policy."""
    for name in policy:
        if name != "ExceptionType" and name not in _NUMBERS:
            yield f" has no member {name}"
    faults = policy.get("ExceptionType")
    if not isinstance(faults, list) or not faults:
        yield f".ExceptionType must be a list that is not empty, got {faults!r}"
        return
    known = _OF_STEPS if step.kind in _WITHOUT_JOB else (*_OF_STEPS, *_OF_JOBS)
    for fault in faults:
        if fault not in known:
            yield f".ExceptionType of a {step.kind} step is of {', '.join(known)}, got {fault!r}"
    for name, limit in _NUMBERS.items():
        if name in policy and not limit.allows(policy[name]):
            yield f".{name} must be {limit}, got {policy[name]!r}"
    if "MaxAttempts" in policy and "ExpireAfterMin" in policy:
        yield " has MaxAttempts and ExpireAfterMin, and only one of them can be given"


def may_go_on(request: JsonObject, response: JsonObject) -> bool:
    """Return whether a training job was a spot job that something outside has killed."""
    killed = response["TrainingJobStatus"] == "Failed" and int(response["ExitCode"]) < 0
    return killed and bool(request.get("EnableManagedSpotTraining"))
