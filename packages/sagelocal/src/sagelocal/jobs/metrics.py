"""Metrics: what the definitions of a job find in its log, and whether that ends the job early."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Protocol

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


class Rule(Protocol):
    """Decides from the values that a trial has reported whether it ends early."""

    def stops_after(self, reported: Sequence[float]) -> int | None:
        """Return after how many values the trial ends; None if it goes on.

        More values than those that decided never change the answer.
        """


class Progress:
    """The metrics that a job reports, from its log as it stands; an earlier try may be in it.

    Args:
        log: The log.
        request: The job's request, for its definitions of metrics.
        objective: The metric that counts.
        rule: Decides whether the job goes on.
    """

    def __init__(
        self, log: Path, request: JsonObject, objective: str | None, rule: Rule | None
    ) -> None:
        self._log = log
        self._start = log.stat().st_size if log.exists() else 0
        self._definitions = request["AlgorithmSpecification"].get("MetricDefinitions") or []
        self._objective = objective or ""
        self._rule = rule

    def values(self, *, growing: bool = False) -> dict[str, list[float]]:
        """Return the values of each metric so far.

        Args:
            growing: Whether the job still runs, so that the last line may be half a line.
        """
        return metric_values(self._log, self._definitions, self._start, growing=growing)

    def is_behind(self) -> bool:
        """Return whether the job, which still runs, is to end."""
        return self.stopped_after(growing=True) is not None

    def stopped_after(self, *, growing: bool = False) -> int | None:
        """Return after how many values of the objective the job is to end; None if it goes on."""
        if self._rule is None:
            return None
        reported = self.values(growing=growing).get(self._objective, [])
        return self._rule.stops_after(finite_start(reported))


def finite_start(values: Sequence[float]) -> list[float]:
    """Return the values before the first that is not finite."""
    return list(takewhile(math.isfinite, values))
