"""Two executions side by side: what was asked differently, and what came of it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.local.history import read_history
from sagetabular.local.leaderboard import read_result
from sagetabular.local.score_texts import (
    change_text,
    direction_text,
    score_text,
)
from sagetabular.local.scoring import R2, metric_named
from sagetabular.report.basis import NOT_COMPARABLE, find_obstacles
from sagetabular.report.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagelocal import ExecutionRecord, LocalSageMaker
    from sagetabular.jobs.scoring.metrics import Metric
    from sagetabular.local.leaderboard import Entry, Result
    from sagetabular.report.basis import Obstacle

ABSENT = "-"
SCORES = ("cv", "test")


@dataclass(frozen=True)
class ScoreTable:
    """Scores of both executions: (model, first, second, change), as text."""

    title: str
    rows: list[list[str]]


@dataclass(frozen=True)
class ModelPair:
    """One model in both executions; None where it did not come to an end."""

    name: str
    first: Entry | None
    second: Entry | None

    def scores(self) -> list[tuple[float | None, float | None]]:
        """Return cross-validated and test score, each as (first, second)."""
        cv = [entry.cv if entry else None for entry in (self.first, self.second)]
        test = [entry.test if entry else None for entry in (self.first, self.second)]
        return [(cv[0], cv[1]), (test[0], test[1])]


@dataclass(frozen=True)
class RunComparison:
    """Two executions; `differences` are (name, first, second)."""

    first: Result
    second: Result
    differences: list[tuple[str, str, str]]
    models: list[ModelPair]
    obstacles: list[Obstacle]

    @property
    def comparable(self) -> tuple[bool, bool]:
        """Return whether cross-validated scores, and test scores, can be compared."""
        return not self.obstacles, all(found.scores == "cv" for found in self.obstacles)

    @property
    def why_not(self) -> str:
        """Return what is not the same, such as `other data, other split`; empty if all is."""
        return ", ".join(dict.fromkeys(found.kind for found in self.obstacles))

    def changes(self, pair: ModelPair) -> list[float | None]:
        """Return second minus first of both scores; None where that would mean nothing."""
        return [
            second - first if first is not None and second is not None and comparable else None
            for (first, second), comparable in zip(pair.scores(), self.comparable, strict=True)
        ]

    @property
    def metrics(self) -> tuple[Metric, Metric]:
        """Return what the models of both are selected by."""
        return metric_named(self.first.metric), metric_named(self.second.metric)

    def score_tables(self) -> list[ScoreTable]:
        """Return cross-validated and test scores, as text."""
        return [
            ScoreTable(_title(words, self.metrics), list(self._rows(index)))
            for index, words in enumerate(("Cross-validated", "Test"))
        ]

    def _rows(self, index: int) -> Iterator[list[str]]:
        """Yield model, both scores and their change; of another metric they have none."""
        for pair in self.models:
            before, after = pair.scores()[index]
            texts = [
                ABSENT if score is None else score_text(metric, score)
                for metric, score in zip(self.metrics, (before, after), strict=True)
            ]
            if not self.comparable[index]:
                yield [pair.name, *texts, NOT_COMPARABLE]
            elif before is None or after is None:
                yield [pair.name, *texts, ABSENT]
            else:
                yield [pair.name, *texts, change_text(self.metrics[0], before, after)]

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON would have it; keys that name R2 are for it alone."""
        comparable = dict(zip(SCORES, self.comparable, strict=True))
        models = [{"name": pair.name, **self._as_dict(pair)} for pair in self.models]
        return {
            "first": self.first.as_dict(),
            "second": self.second.as_dict(),
            "comparable": comparable | self._of_r2(comparable),
            "not_comparable_since": [asdict(each) | {"kind": each.kind} for each in self.obstacles],
            "differences": [
                dict(zip(("setting", "first", "second"), row, strict=True))
                for row in self.differences
            ],
            "models": [model | self._of_r2(model) for model in models],
        }

    def _as_dict(self, pair: ModelPair) -> dict[str, Any]:
        rows = zip(SCORES, pair.scores(), self.changes(pair), strict=True)
        return {
            name: {"first": first, "second": second, "change": change,
                   "improved": self._improved(change)}
            for name, (first, second), change in rows
        }  # fmt: skip

    def _improved(self, change: float | None) -> bool | None:
        return None if change is None else self.metrics[0].better(change, 0.0)

    def _of_r2(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the same under the names of earlier releases, which knew no other metric."""
        same = all(metric == R2 for metric in self.metrics)
        return {f"{name}_r2": values[name] for name in SCORES} if same else {}


def _title(words: str, metrics: tuple[Metric, Metric]) -> str:
    first, second = (metric.in_words for metric in metrics)
    if first == second:
        direction = "" if metrics[0].greater_is_better else f" ({direction_text(metrics[0])})"
        return f"{words} {first}{direction}"
    return f"{words} score: {first}, then {second}"


def compare(
    sagemaker: LocalSageMaker, first: ExecutionRecord, second: ExecutionRecord
) -> RunComparison:
    """Compare two executions; models in the order of the second's leaderboard."""
    results = read_result(sagemaker, first), read_result(sagemaker, second)
    before, after = ({entry.name: entry for entry in result.models} for result in results)
    names = dict.fromkeys([*after, *before])
    return RunComparison(
        *results,
        differences=list(_differences(sagemaker, first, second)),
        models=[ModelPair(name, before.get(name), after.get(name)) for name in names],
        obstacles=find_obstacles(sagemaker, first, second) if before and after else [],
    )


def previous_success(sagemaker: LocalSageMaker, record: ExecutionRecord) -> ExecutionRecord | None:
    """Return the latest execution of the same pipeline before this one that succeeded."""
    for other in read_history(sagemaker).records:
        same = other.pipeline_name == record.pipeline_name and other.status == "Succeeded"
        if same and other.id < record.id:
            return other
    return None


def _differences(
    sagemaker: LocalSageMaker, first: ExecutionRecord, second: ExecutionRecord
) -> Iterator[tuple[str, str, str]]:
    """Yield (name, first, second); of a step that only one of them began nothing is known."""
    settings = _settings(sagemaker, first), _settings(sagemaker, second)
    for step in settings[1]:
        before, after = (values.get(step) for values in settings)
        if before is None or after is None:
            continue
        for name in dict.fromkeys([*before, *after]):
            old, new = before.get(name, ABSENT), after.get(name, ABSENT)
            if old != new:
                yield f"{step}: {name}" if step else name, old, new


def _settings(sagemaker: LocalSageMaker, record: ExecutionRecord) -> dict[str, Mapping[str, str]]:
    """Return the settings of each step; under no step's name what concerns all of them.

    A short hash of the definition stands for the rest, such as instances and limits.
    """
    groups = {group.step: group.values for group in read_settings(sagemaker, record)}
    definition = hashlib.sha256(record.definition()).hexdigest()
    data = record.metadata.get("data", ABSENT)
    return {**groups, "": {"data": data, **groups.get("", {}), "definition": definition[:12]}}
