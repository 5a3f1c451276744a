"""Searches of an execution: their trials, and the ranges that these were drawn from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.local.scoring import objective_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagelocal import StepRecord
    from sagetabular.jobs.scoring.metrics import Metric


@dataclass(frozen=True)
class Trial:
    """One trial.

    Attributes:
        number: From 1.
        hyperparameters: What was tried.
        status: `Completed`, `Failed` or `Stopped`.
        score: Mean over the folds, or over those that a stopped trial came to; None if it failed.
        seconds: How long it took.
    """

    number: int
    hyperparameters: Mapping[str, str]
    status: str
    score: float | None
    seconds: float

    @property
    def is_complete(self) -> bool:
        """True if all folds were fitted."""
        return self.status == "Completed"


@dataclass(frozen=True)
class Range:
    """Range of one hyperparameter; `values` for a categorical one, else bounds."""

    name: str
    logarithmic: bool
    values: tuple[str, ...] = ()
    low: str = ""
    high: str = ""

    def __str__(self) -> str:
        """Return the range in words."""
        if self.values:
            return ", ".join(self.values)
        return f"{self.low} to {self.high}{', logarithmic' if self.logarithmic else ''}"


@dataclass(frozen=True)
class SearchOutcome:
    """The search of one model; `metric` is what it searched for."""

    model: str
    metric: Metric
    strategy: str
    ranges: tuple[Range, ...]
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """The first of the trials with the best score, of those that came to their end."""
        whole = [trial for trial in self.trials if trial.is_complete and trial.score is not None]
        return min(whole, key=lambda trial: self.metric.rank_key(trial.score or 0.0), default=None)


def search_of(step: StepRecord) -> SearchOutcome:
    """Return the search of a tuning step that has succeeded."""
    response: Mapping[str, Any] = step.response or {}
    config = response["HyperParameterTuningJobConfig"]
    static = response["TrainingJobDefinition"].get("StaticHyperParameters", {})
    trials = enumerate(sorted(response["TrainingJobSummaries"], key=_begun), start=1)
    return SearchOutcome(
        model=static.get("job_model", step.name),
        metric=objective_of(response),
        strategy=config["Strategy"],
        ranges=tuple(ranges_of(config.get("ParameterRanges", {}))),
        trials=tuple(_trial(number, summary) for number, summary in trials),
    )


def _begun(summary: Mapping[str, Any]) -> tuple[int, str]:
    """Return the place of a trial among those of its search, whose names end in their numbers."""
    name = summary["TrainingJobName"]
    return len(name), name


def ranges_of(ranges: Mapping[str, Any]) -> Iterator[Range]:
    """Yield what is searched, from the `ParameterRanges` of a request."""
    for entry in (*ranges.get("IntegerParameterRanges", ()),
                  *ranges.get("ContinuousParameterRanges", ())):  # fmt: skip
        logarithmic = entry.get("ScalingType") == "Logarithmic"
        yield Range(entry["Name"], logarithmic, (), entry["MinValue"], entry["MaxValue"])
    for entry in ranges.get("CategoricalParameterRanges", ()):
        yield Range(entry["Name"], logarithmic=False, values=tuple(map(plain, entry["Values"])))


def _trial(number: int, summary: Mapping[str, Any]) -> Trial:
    tuned = {name: plain(value) for name, value in summary["TunedHyperParameters"].items()}
    objective = summary.get("FinalHyperParameterTuningJobObjectiveMetric")
    score = float(objective["Value"]) if objective else None
    return Trial(number, tuned, summary["TrainingJobStatus"], score, float(summary["Seconds"]))


def plain(value: str) -> str:
    """Return a hyperparameter as people write it: categories travel as quoted JSON."""
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except json.JSONDecodeError:
        return value
