"""Cache and retry policies: a step's rules for not running, and for running again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.settings.repeating import FAULTS, INTERNAL_ERROR, STEP_FAULTS
from sagetabular.steps.sdk import CacheConfig, StepTypeEnum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagetabular.settings.repeating import CacheSettings, Retry

# These start no job, and SageMaker never reuses them.
_WITHOUT_JOB = (StepTypeEnum.CREATE_MODEL, StepTypeEnum.REGISTER_MODEL)


def cache_config(kind: StepTypeEnum, cache: CacheSettings | None) -> dict[str, Any]:
    """Return the member `CacheConfig`; nothing for a step that is not to be reused."""
    if cache is None or not cache.enabled or kind in _WITHOUT_JOB:
        return {}
    config = CacheConfig(enable_caching=True, expire_after=cache.expire_after)
    return dict(config.config)


def retry_policies(kind: StepTypeEnum, retries: Sequence[Retry]) -> dict[str, Any]:
    """Return the member `RetryPolicies`, of the faults that a step of this type can have."""
    faults = set(STEP_FAULTS if kind in _WITHOUT_JOB else FAULTS)
    if kind is StepTypeEnum.TUNING:
        faults -= {INTERNAL_ERROR}
    policies = (
        _policy(retry, [name for name in retry.exceptions if name in faults]) for retry in retries
    )
    found = [policy for policy in policies if policy["ExceptionType"]]
    return {"RetryPolicies": found} if found else {}


def _policy(retry: Retry, exceptions: list[str]) -> dict[str, Any]:
    limits = {"MaxAttempts": retry.max_attempts, "ExpireAfterMin": retry.expire_after_minutes}
    return {
        "ExceptionType": exceptions,
        "IntervalSeconds": retry.interval_seconds,
        "BackoffRate": retry.backoff_rate,
        **{name: value for name, value in limits.items() if value is not None},
    }


def with_trial_attempts(request: dict[str, Any], retries: Sequence[Retry]) -> dict[str, Any]:
    """Return a tuning job whose trials are repeated as the policy about internal errors says."""
    found = [retry.max_attempts for retry in retries if INTERNAL_ERROR in retry.exceptions]
    if not found or found[0] is None:
        return request
    strategy = {"RetryStrategy": {"MaximumRetryAttempts": found[0]}}
    return request | {"TrainingJobDefinition": {**request["TrainingJobDefinition"], **strategy}}
