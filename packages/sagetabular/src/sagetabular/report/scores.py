"""Scores of an execution: the leaderboard, every metric of the task, the folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.jobs.scoring.metrics import METRICS
from sagetabular.local.score_texts import (
    deviation_text,
    direction_text,
    score_text,
)
from sagetabular.local.scoring import metric_named
from sagetabular.report.charts.rows import Strip, strips
from sagetabular.report.tables import NONE, Chart, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.jobs.scoring.metrics import Metric
    from sagetabular.local.leaderboard import Result
    from sagetabular.report.artefacts import TestOutcome


def leaderboard(result: Result) -> Table:
    """Return the ranking, by the metric that selects."""
    metric = metric_named(result.metric)
    name = metric.in_words
    header = ["model", f"cross-validated {name} ", "over folds ", f"test {name} ", "trials "]
    rows = [
        [
            entry.name,
            NONE if entry.cv is None else score_text(metric, entry.cv),
            NONE if entry.cv is None or entry.cv_std is None
            else deviation_text(metric, entry.cv, entry.cv_std),
            score_text(metric, entry.test),
            str(entry.trials),
        ]
        for entry in result.models
    ]  # fmt: skip
    direction = "" if metric.greater_is_better else f"; {direction_text(metric)}"
    return Table(f"Leaderboard{direction}", header, rows)


def test_scores(result: Result, evaluations: Mapping[str, TestOutcome]) -> Table:
    """Return every metric of the task on the test rows, with the deviation of resampled rows."""
    names = [entry.name for entry in result.models]
    rows = [
        [_marked(metric, result.metric), "higher" if metric.greater_is_better else "lower", *cells]
        for metric in METRICS.values()
        if result.task in metric.tasks
        and any(cells := [_deviating(metric, evaluations[name]) for name in names])
    ]
    header = ["metric", "better ", *(f"{name} " for name in names)]
    return Table("Scores on the test rows", header, rows)


def _marked(metric: Metric, selecting: str) -> str:
    return f"{metric.label} (selects the winner)" if metric.name == selecting else metric.label


def _deviating(metric: Metric, found: TestOutcome) -> str:
    entry = found.metrics.get(metric.name)
    if entry is None:
        return ""
    value, deviation = entry["value"], entry.get("standard_deviation")
    text = score_text(metric, value)
    return text if deviation is None else f"{text} {deviation_text(metric, value, deviation)}"


def fold_scores(evaluations: Mapping[str, TestOutcome], metric: Metric) -> Chart | None:
    """Draw the score of each fold in each model's best trial; None if no model was tuned."""
    rows = [
        Strip(name, [fold[metric.name] for fold in found.cv["folds"]], found.cv[metric.name],
              found.cv[f"{metric.name}_std"])
        for name, found in evaluations.items()
        if found.cv is not None
    ]  # fmt: skip
    if not rows:
        return None
    note = (
        "Best trial of each model: a dot a fold, the mean as a line, "
        "and a band of one standard deviation to each side."
    )
    note += "" if metric.greater_is_better else " Lower is better."
    title = f"{metric.label} of the folds"
    svg = strips(title, note, metric.label, rows)
    return Chart(title, svg, _folds_table(title, rows, metric), note)


def _folds_table(title: str, rows: Sequence[Strip], metric: Metric) -> Table:
    count = max(len(row.values) for row in rows)
    header = ["model", *(f"fold {index + 1} " for index in range(count)), "mean ", "deviation "]
    cells = [
        [row.name, *(score_text(metric, value) for value in row.values),
         *[NONE] * (count - len(row.values)), score_text(metric, row.mean),
         NONE if row.deviation is None else score_text(metric, row.deviation)]
        for row in rows
    ]  # fmt: skip
    return Table(title, header, cells)
