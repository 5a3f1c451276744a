"""Two executions side by side: what was asked differently, and what came of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.local.leaderboard import read_result
from sagetabular.report.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagelocal import ExecutionRecord, LocalSageMaker
    from sagetabular.local.leaderboard import Entry, Result

ABSENT = "-"


@dataclass(frozen=True)
class ModelPair:
    """One model in both executions; None where it did not come to an end."""

    name: str
    first: Entry | None
    second: Entry | None

    def scores(self) -> list[tuple[float | None, float | None, float | None]]:
        """Return cross-validated and test R2, each as (first, second, second minus first)."""
        cv = [entry.cv_r2 if entry else None for entry in (self.first, self.second)]
        test = [entry.test_r2 if entry else None for entry in (self.first, self.second)]
        return [
            (first, second, None if first is None or second is None else second - first)
            for first, second in (cv, test)
        ]


@dataclass(frozen=True)
class RunComparison:
    """Two executions; `differences` are (name, first, second)."""

    first: Result
    second: Result
    differences: list[tuple[str, str, str]]
    models: list[ModelPair]


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
    )


def previous_success(sagemaker: LocalSageMaker, record: ExecutionRecord) -> ExecutionRecord | None:
    """Return the latest execution of the same pipeline before this one that succeeded."""
    for other in sagemaker.executions():
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
    definition = hashlib.sha256((record.directory / "definition.json").read_bytes()).hexdigest()
    data = record.metadata.get("data", ABSENT)
    return {**groups, "": {"data": data, **groups.get("", {}), "definition": definition[:12]}}
