"""Metrics: what the definitions of a job find in its log."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject, now

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def metric_values(
    log: Path, definitions: Sequence[JsonObject], start: int = 0, *, growing: bool = False
) -> dict[str, list[float]]:
    """Return all values that each metric definition finds in a log, in their order.

    What is no number counts as NaN.

    Args:
        log: The log; it need not exist yet.
        definitions: `MetricDefinitions` of the request.
        start: Where to begin, in bytes.
        growing: Whether the job still writes; then a last line without its end is left out.

    Raises:
        DefinitionError: If a regular expression is malformed or has no group.
    """
    patterns = [(entry["Name"], _pattern(entry)) for entry in definitions]
    found: dict[str, list[float]] = {name: [] for name, _ in patterns}
    if log.is_file():
        with log.open("rb") as content:
            content.seek(start)
            text = content.read()
        text = text.rpartition(b"\n")[0] if growing else text
        for line in text.decode(errors="replace").splitlines():
            for name, pattern in patterns:
                found[name] += [_number(match.group(1)) for match in pattern.finditer(line)]
    return found


def final_metrics(values: dict[str, list[float]]) -> list[JsonObject]:
    """Return the last value of each metric, as `FinalMetricDataList` has it.

    A metric that is absent, or whose last value is not a finite number, is left out.
    """
    last = {name: numbers[-1] for name, numbers in values.items() if numbers}
    return [
        {"MetricName": name, "Value": value, "Timestamp": now()}
        for name, value in last.items()
        if math.isfinite(value)
    ]


def _pattern(definition: JsonObject) -> re.Pattern[str]:
    try:
        pattern = re.compile(definition["Regex"])
    except re.error as error:
        raise DefinitionError(f"Metric {definition['Name']}: bad Regex: {error}.") from error
    if not pattern.groups:
        raise DefinitionError(
            f"Metric {definition['Name']}: its Regex needs a group that holds the number."
        )
    return pattern


def _number(text: str) -> float:
    """Return the number in `text`; NaN when there is none, which the caller leaves out."""
    return float(text) if _NUMBER.fullmatch(text.strip()) else math.nan
