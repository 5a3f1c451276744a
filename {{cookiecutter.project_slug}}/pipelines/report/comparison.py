"""Two executions side by side: what was asked differently, and what came of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.local.leaderboard import read_result

if TYPE_CHECKING:
    from localsage import ExecutionRecord, LocalSageMaker
    from pipelines.local.leaderboard import Entry, Result

ABSENT = "-"


@dataclass(frozen=True)
class ModelPair:
    """One model in both executions; None where it did not come to an end."""

    name: str
    first: Entry | None
    second: Entry | None

    def scores(self) -> list[tuple[float | None, float | None, float | None]]:
        """Cross-validated and test R2, each as (first, second, second minus first)."""
        cv = [entry.cv_r2 if entry else None for entry in (self.first, self.second)]
        test = [entry.test_r2 if entry else None for entry in (self.first, self.second)]
        return [
            (first, second, None if first is None or second is None else second - first)
            for first, second in (cv, test)
        ]


@dataclass(frozen=True)
class Comparison:
    """Two executions; `differences` are (name, first, second)."""

    first: Result
    second: Result
    differences: list[tuple[str, str, str]]
    models: list[ModelPair]


def compare(
    sagemaker: LocalSageMaker, first: ExecutionRecord, second: ExecutionRecord
) -> Comparison:
    """Compare two executions; models in the order of the second's leaderboard."""
    results = read_result(sagemaker, first), read_result(sagemaker, second)
    before, after = ({entry.name: entry for entry in result.models} for result in results)
    names = dict.fromkeys([*after, *before])
    settings = _settings(first), _settings(second)
    pairs = {
        name: (settings[0].get(name, ABSENT), settings[1].get(name, ABSENT))
        for name in dict.fromkeys([*settings[0], *settings[1]])
    }
    return Comparison(
        *results,
        differences=[(name, old, new) for name, (old, new) in pairs.items() if old != new],
        models=[ModelPair(name, before.get(name), after.get(name)) for name in names],
    )


def previous_success(sagemaker: LocalSageMaker, record: ExecutionRecord) -> ExecutionRecord | None:
    """The latest execution of the same pipeline before this one that succeeded."""
    for other in sagemaker.executions():
        same = other.pipeline_name == record.pipeline_name and other.status == "Succeeded"
        if same and other.id < record.id:
            return other
    return None


def _settings(record: ExecutionRecord) -> dict[str, str]:
    """Data, parameters and a short hash of the definition, which holds all the other settings."""
    definition = hashlib.sha256((record.directory / "definition.json").read_bytes()).hexdigest()
    values = {name: str(value) for name, value in record.parameters.items()}
    return {"data": record.metadata.get("data", ABSENT), **values, "definition": definition[:12]}
