"""The progress of a job: what it has told of its metrics, and whether that is reason to end it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Protocol

from sagelocal.files import JsonObject
from sagelocal.jobs.metrics import metric_values


class Rule(Protocol):
    """Decides from what a trial has told whether it ends early."""

    def stops_after(self, told: Sequence[float]) -> int | None:
        """Return after how many values the trial ends; None if it goes on.

        More values than those that decided never change the answer.
        """


class Progress:
    """What a job tells of its metrics, from its log as it stands; an earlier try may be in it.

    Args:
        log: The log.
        request: The job's request, for its definitions of metrics.
        objective: The metric that counts.
        rule: Says whether the job is to go on.
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
        """Say whether the job, which still runs, is to end."""
        return self.stopped_after(growing=True) is not None

    def stopped_after(self, *, growing: bool = False) -> int | None:
        """Return after how many values of the objective the job is to end; None if it goes on."""
        if self._rule is None:
            return None
        told = self.values(growing=growing).get(self._objective, [])
        return self._rule.stops_after(finite_start(told))


def finite_start(values: Sequence[float]) -> list[float]:
    """Return the values before the first that is not finite."""
    return list(takewhile(math.isfinite, values))
