"""Whether SageMaker may take the result of an earlier, equal step, and for how long."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from sagetabular.settings.loading import RuleError, Settings
from sagetabular.settings.reading import shown

_DURATION = re.compile(
    r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?", re.ASCII
)


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
