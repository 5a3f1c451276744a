"""The sections about the execution as a whole: comparison, steps, settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sagetabular.report.settings import CODE
from sagetabular.report.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagelocal import ExecutionRecord, StepRecord
    from sagetabular.report.comparison import RunComparison
    from sagetabular.report.graph import DrawnGraph
    from sagetabular.report.settings import Group


OBSTACLE = ["what", "first", "second", "concerns"]


@dataclass(frozen=True)
class StepRow:
    """A step as its table shows it; `logs` are (name, address) of its jobs."""

    name: str
    kind: str
    status: str
    seconds: str
    reason: str
    logs: list[tuple[str, str]]


def seconds_between(item: ExecutionRecord | StepRecord) -> str:
    """Return how long it took, in seconds; empty while it has not ended."""
    if not item.start_time or not item.end_time:
        return ""
    start, end = datetime.fromisoformat(item.start_time), datetime.fromisoformat(item.end_time)
    return f"{(end - start).total_seconds():,.1f}"


def comparison_tables(found: RunComparison) -> list[Table]:
    """Return results with their change, why they have none, and the settings that differ."""
    header = ["model", "before ", "now ", "change "]
    scores = [Table(each.title, header, each.rows) for each in found.score_tables()]
    settings = [list(row) for row in found.differences]
    return [
        *scores,
        Table("Why scores cannot be compared", OBSTACLE, obstacle_rows(found)),
        Table("Settings that differ", ["setting", "before", "now"], settings),
    ]


def obstacle_rows(found: RunComparison) -> list[list[str]]:
    """Return a row for everything that keeps scores from being compared."""
    return [
        [each.name, each.first, each.second,
         "both scores" if each.scores == "both" else "cross-validated scores"]
        for each in found.obstacles
    ]  # fmt: skip


def with_states(graph: DrawnGraph, record: ExecutionRecord) -> DrawnGraph:
    """Return the graph of an execution's definition, with each step's state and time."""
    nodes = []
    for node in graph.nodes:
        step = record.steps[node.name]
        seconds = seconds_between(step)
        note = f"{_in_words(step)}{seconds and f', {seconds} s'}"
        nodes.append(replace(node, note=note, state=step.status.lower()))
    return replace(graph, nodes=tuple(nodes))


def _in_words(step: StepRecord) -> str:
    if step.outcome is not None:
        return "yes" if step.outcome == "True" else "no"
    return "not run" if step.status == "NotExecuted" else step.shown_status.lower()


def step_rows(record: ExecutionRecord, folder: Path) -> list[StepRow]:
    """Return the steps; addresses of logs are relative where they lie below the report's folder."""

    def address(log: Path) -> str:
        return _relative(log, folder) if log.is_relative_to(folder) else log.as_uri()

    return [
        StepRow(
            name=step.name,
            kind=step.kind,
            status=step.shown_status if step.outcome is None else f"{step.status}: {step.outcome}",
            seconds=seconds_between(step),
            reason=step.failure_reason or "",
            logs=[(log.stem, address(log)) for log in record.log_files(step.name)],
        )
        for step in record.steps.values()
    ]


def _relative(file: Path, folder: Path) -> str:
    """Return the address of a file below a folder, from there."""
    return file.as_uri().removeprefix(folder.as_uri()).removeprefix("/")


def settings_tables(groups: Sequence[Group]) -> list[Table]:
    """Return the settings; a step that has none but its code has no table."""
    return [
        Table(
            f"Settings of {group.step}" if group.step else "Pipeline parameters",
            ["setting" if group.step else "parameter", "value"],
            [[name, value] for name, value in group.values.items()],
        )
        for group in groups
        if set(group.values) != {CODE}
    ]
