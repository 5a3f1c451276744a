"""The sections about the execution as a whole: results, comparison, steps, data, settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sagetabular.report.basis import NOT_COMPARABLE
from sagetabular.report.charts import number
from sagetabular.report.rows import Strip, strips
from sagetabular.report.settings import CODE
from sagetabular.report.tables import NONE, Chart, Table, change, figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sagelocal import ExecutionRecord, StepRecord
    from sagetabular.local.leaderboard import Result
    from sagetabular.report.artefacts import Artefacts, TestOutcome
    from sagetabular.report.comparison import RunComparison
    from sagetabular.report.graph import DrawnGraph
    from sagetabular.report.settings import Group


OBSTACLE = ["what", "first", "second", "concerns"]
# What Preprocess notes → what a reader calls it; executions of earlier versions have less.
_COUNTS = {
    "rows_read": "rows read",
    "repeated_rows": "rows that repeat another one",
    "duplicates_removed": "duplicates removed",
    "training_rows": "training rows",
    "test_rows": "test rows",
}
_COLUMNS = {
    "columns_left_out": "columns that no model sees",
    "columns_absent": "optional columns that are not there",
}


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


def leaderboard(result: Result, evaluations: Mapping[str, TestOutcome]) -> Table:
    """Return the ranking, with the errors on the test rows."""
    header = ["model", "cross-validated R2 ", "over folds ", "test R2 ", "test RMSE ",
              "test MAE ", "trials "]  # fmt: skip
    rows = [
        [
            entry.name,
            figure(entry.cv_r2),
            NONE if entry.cv_r2_std is None else f"± {entry.cv_r2_std:.4f}",
            figure(entry.test_r2),
            *(number(evaluations[entry.name].metrics[name]["value"]) for name in ("rmse", "mae")),
            str(entry.trials),
        ]
        for entry in result.models
    ]
    return Table("Leaderboard", header, rows)


def fold_scores(evaluations: Mapping[str, TestOutcome]) -> Chart | None:
    """Draw R2 of each fold in each model's best trial; None if no model was tuned."""
    best = {name: found.cv for name, found in evaluations.items() if found.cv is not None}
    rows = [
        Strip(name, [fold["r2"] for fold in cv["folds"]], cv["r2"], cv["r2_std"])
        for name, cv in best.items()
    ]
    if not rows:
        return None
    note = (
        "Best trial of each model: a dot a fold, the mean as a line, "
        "and a band of one standard deviation to each side."
    )
    count = max(len(row.values) for row in rows)
    header = ["model", *(f"fold {index + 1} " for index in range(count)), "mean ", "deviation "]
    cells = [
        [row.name, *map(figure, row.values), *[NONE] * (count - len(row.values)),
         figure(row.mean), figure(row.deviation)]
        for row in rows
    ]  # fmt: skip
    svg = strips("R2 of the folds", note, "R2", rows)
    return Chart("R2 of the folds", svg, Table("R2 of the folds", header, cells), note)


def comparison_tables(found: RunComparison) -> list[Table]:
    """Return results with their change, why they have none, and the settings that differ."""
    header = ["model", "before ", "now ", "change "]
    scores = []
    for index, title in enumerate(("Cross-validated R2", "Test R2")):
        rows = []
        for pair in found.models:
            before, now = pair.scores()[index]
            more = change(found.changes(pair)[index])
            can = found.comparable[index]
            rows.append([pair.name, figure(before), figure(now), more if can else NOT_COMPARABLE])
        scores.append(Table(title, header, rows))
    settings = [list(row) for row in found.differences]
    return [
        *scores,
        Table("Why scores cannot be compared", OBSTACLE, obstacle_rows(found)),
        Table("Settings that differ", ["setting", "before", "now"], settings),
    ]


def obstacle_rows(found: RunComparison) -> list[list[str]]:
    """Return a row for everything that keeps scores from being compared."""
    return [
        [each.name, each.first, each.second, "both scores" if each.scores == "both" else "cv R2"]
        for each in found.obstacles
    ]


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


def data_tables(artefacts: Artefacts) -> list[Table]:
    """Return what Preprocess noted about the rows."""
    summary = artefacts.summary
    if summary is None:
        return []
    counts = [
        *([name, f"{summary[key]:,}"] for key, name in _COUNTS.items() if key in summary),
        ["rows of the folds", ", ".join(f"{size:,}" for size in summary["fold_rows"])],
        ["fingerprint of the rows", summary["fingerprint"]],
    ]
    gone = [[name, ", ".join(summary[key])] for key, name in _COLUMNS.items() if summary.get(key)]
    notes = [["note", note] for note in summary.get("notes", [])]
    missing = [[name, f"{count:,}"] for name, count in summary["missing_values"].items()]
    tables = [Table("Rows", ["what", "value"], [*counts, *gone, *notes])]
    return tables + ([Table("Missing values", ["column", "rows "], missing)] if missing else [])


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
