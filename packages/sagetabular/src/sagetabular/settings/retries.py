"""When SageMaker runs a step again, and how often."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from sagetabular.settings.loading import RuleError, Settings

Fault = Literal[
    "Step.SERVICE_FAULT",
    "Step.THROTTLING",
    "SageMaker.JOB_INTERNAL_ERROR",
    "SageMaker.CAPACITY_ERROR",
    "SageMaker.RESOURCE_LIMIT",
]
FAULTS: tuple[str, ...] = get_args(Fault)
# Those that steps have which start no job.
STEP_FAULTS = tuple(name for name in FAULTS if name.startswith("Step."))
# SageMaker repeats the trials of a tuning job by the job's own strategy, not by a policy.
INTERNAL_ERROR = "SageMaker.JOB_INTERNAL_ERROR"


class Retry(Settings):
    """A retry policy.

    Attributes:
        exceptions: After which faults the step is run again.
        interval_seconds: Wait before the first time.
        backoff_rate: What every further wait is longer by.
        max_attempts: How often at most.
        expire_after_minutes: For how long at most, in place of `max_attempts`.
    """

    exceptions: Annotated[list[Fault], Field(min_length=1)]
    interval_seconds: Annotated[int, Field(ge=1, le=43200)] = 1
    backoff_rate: Annotated[float, Field(ge=1)] = 2.0
    max_attempts: Annotated[int, Field(ge=1, le=20)] | None = None
    expire_after_minutes: Annotated[int, Field(ge=1, le=14400)] | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.max_attempts is None) == (self.expire_after_minutes is None):
            msg = "needs either max_attempts or expire_after_minutes."
            raise RuleError(msg, "Write one of them, for example max_attempts: 5.")
        return self


def _check_exceptions(policies: list[Retry]) -> list[Retry]:
    named: list[str] = [name for policy in policies for name in policy.exceptions]
    for position, name in enumerate(named):
        if name in named[:position]:
            msg = f"name {name} twice, so it is not clear which policy counts."
            raise RuleError(msg, "Keep one of them.")
    return policies


Retries = Annotated[list[Retry], AfterValidator(_check_exceptions)]
