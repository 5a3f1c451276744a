"""When a step takes the result of an earlier, equal one, and when it is run again."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sagetabular.settings.loading import RuleError, Settings
from sagetabular.settings.reading import shown

_DURATION = re.compile(
    r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?", re.ASCII
)
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


def _check_duration(value: str) -> str:
    if not _DURATION.fullmatch(value) or not re.search("[1-9]", value):
        msg = f"must be an ISO 8601 duration, got {shown(value)}."
        raise RuleError(msg, "Write it like P30D for days, or PT12H for hours.")
    return value


class CacheSettings(Settings):
    """Caching of a step.

    Attributes:
        enabled: Whether an earlier result may be taken.
        expire_after: How old it may be (ISO 8601 duration).
    """

    enabled: bool = True
    expire_after: Annotated[str, AfterValidator(_check_duration)] = "P30D"

    def over(self, wider: CacheSettings) -> CacheSettings:
        """Return these settings, with those of the project where these say nothing."""
        layers = (layer.model_dump(exclude_unset=True) for layer in (wider, self))
        return CacheSettings.model_validate({k: v for layer in layers for k, v in layer.items()})


def _short_form(value: Any) -> Any:
    """Accept `cache: false` for `cache: {enabled: false}`."""
    return {"enabled": value} if isinstance(value, bool) else value


Cache = Annotated[CacheSettings, BeforeValidator(_short_form)]


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
