"""What scores were measured on: two of them may only be subtracted where that is the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.local.leaderboard import read_scoring
from sagetabular.report.artefacts import read_summary
from sagetabular.report.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagelocal import ExecutionRecord, LocalSageMaker

UNKNOWN, NOT_COMPARABLE = "unknown", "not comparable"
TARGET, ROWS, TASK, METRIC = "data.target", "fingerprint of the rows", "task", "metric"
# What F1 and average precision are about; asked for by binary tasks alone.
POSITIVE = "data.positive"
# What is called another way than "other split" if it differs.
_KINDS = {TARGET: "other target", POSITIVE: "other target", ROWS: "other data",
          "rows read": "other data", TASK: "other task", METRIC: "other metric"}  # fmt: skip
_TEST = ("split.kind", "split.by", "split.test")


@dataclass(frozen=True)
class Obstacle:
    """Why scores of two executions cannot be compared.

    Attributes:
        name: What is not the same.
        first: What it is in the first execution.
        second: What it is in the second.
        scores: `cv` or `both`: which scores it concerns.
    """

    name: str
    first: str
    second: str
    scores: str

    @property
    def kind(self) -> str:
        """Return what it amounts to, such as `other data`."""
        return _KINDS.get(self.name, "other split")


@dataclass(frozen=True)
class Basis:
    """What the scores of an execution were measured on, name → value.

    Attributes:
        both: What decides on the rows, their target, which of them are test rows, and the metric.
        cv: What else decides on a cross-validated score.
    """

    both: Mapping[str, str]
    cv: Mapping[str, str]


def find_obstacles(
    sagemaker: LocalSageMaker, first: ExecutionRecord, second: ExecutionRecord
) -> list[Obstacle]:
    """Return why the scores of two executions cannot be compared; nothing if they can."""
    if first.id == second.id:
        return []
    before, after = read_basis(sagemaker, first), read_basis(sagemaker, second)
    found = [Obstacle(*row, "both") for row in _differences(before.both, after.both)]
    return found + [Obstacle(*row, "cv") for row in _differences(before.cv, after.cv)]


def read_basis(sagemaker: LocalSageMaker, record: ExecutionRecord) -> Basis:
    """Return what the scores of an execution were measured on, as far as it is noted."""
    settings: dict[str, str] = {}
    for group in read_settings(sagemaker, record):
        settings |= group.values if not group.step or TARGET in group.values else {}
    summary = read_summary(sagemaker, record) or {}
    scoring = read_scoring(sagemaker, record)
    rows = {
        TASK: scoring.task,
        METRIC: scoring.metric.name,
        TARGET: settings.get(TARGET, UNKNOWN),
        **({POSITIVE: settings[POSITIVE]} if POSITIVE in settings else {}),
        ROWS: str(summary.get("fingerprint", UNKNOWN))[:12],
        "rows read": _count(summary.get("rows_read")),
        "training rows": _count(summary.get("training_rows")),
        "test rows": _count(summary.get("test_rows")),
    }
    # The last rows in time are held out, whatever the seed is.
    drawn = () if settings.get("split.kind") == "time" else ("Seed",)
    split = {name: settings[name] for name in (*_TEST, *drawn) if name in settings}
    folds = {name: settings[name] for name in ("Folds", "split.validation") if name in settings}
    sizes = ", ".join(map(_count, summary.get("fold_rows", [])))
    return Basis(rows | split, folds | {"rows of the folds": sizes})


def _count(number: int | None) -> str:
    return UNKNOWN if number is None else f"{number:,}"


def _differences(
    first: Mapping[str, str], second: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield name and both values of what is not the same, or not known to be."""
    for name in dict.fromkeys([*first, *second]):
        before, after = first.get(name, "-"), second.get(name, "-")
        unknown = name in (TARGET, ROWS) and before == UNKNOWN
        if before != after or unknown:
            yield name, before, after
