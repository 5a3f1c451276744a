"""Retry policies: how often a job is run again that something outside has killed.

A signal, as the kernel sends when memory runs out, is the one cause that has a counterpart here; a
job that fails by itself fails the same way again. Nothing is waited for between the attempts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import accumulate, takewhile

from sagelocal.files import JsonObject

_ABOUT_KILLED_JOBS = {"Step.SERVICE_FAULT", "SageMaker.JOB_INTERNAL_ERROR"}
# The service's own, for what a policy leaves out.
_ATTEMPTS, _INTERVAL, _BACKOFF = 5, 1, 2.0
_MOST_ATTEMPTS = 20


def retry_limits(policies: Iterable[JsonObject]) -> tuple[int, float]:
    """Return how often a killed job may run again, and for how many seconds after its start.

    Of a policy that names no number but a time (`ExpireAfterMin`), it is as often as the service's
    waits fit into that time.
    """
    limits = [
        _limits(policy)
        for policy in policies
        if _ABOUT_KILLED_JOBS.intersection(policy.get("ExceptionType", []))
    ]
    return max(limits, default=(0, math.inf))


def _limits(policy: JsonObject) -> tuple[int, float]:
    if "MaxAttempts" in policy or "ExpireAfterMin" not in policy:
        return int(policy.get("MaxAttempts", _ATTEMPTS)), math.inf
    seconds = 60.0 * float(policy["ExpireAfterMin"])
    interval = float(policy.get("IntervalSeconds", _INTERVAL))
    backoff = float(policy.get("BackoffRate", _BACKOFF))
    waits = (interval * backoff**attempt for attempt in range(_MOST_ATTEMPTS))
    return sum(1 for _ in takewhile(lambda end: end <= seconds, accumulate(waits))), seconds


def was_killed(response: JsonObject) -> bool:
    """Return whether a job died of a signal that this back-end did not send."""
    kinds = ("Training", "Processing", "Transform")
    failed = any(response.get(f"{kind}JobStatus") == "Failed" for kind in kinds)
    return failed and int(response["ExitCode"]) < 0
