"""The charts of one model: its search, its predictions, its columns."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from sagetabular.report.charts import Axis, histogram, number, scatter, short
from sagetabular.report.headline import edge_of
from sagetabular.report.rows import bars
from sagetabular.report.tables import Chart, ModelSection, Table, figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sagetabular.report.artefacts import Range, SearchOutcome, TestOutcome, Trial

MOST_POINTS = 2000
MOST_COLUMNS = 20
BINS = 30


def model_section(
    name: str, tuning: SearchOutcome | None, evaluation: TestOutcome | None
) -> ModelSection:
    """Return everything about one model that its steps got to."""
    charts: list[Chart] = []
    note = "Its search did not come to an end."
    if tuning is not None:
        scored = [trial for trial in tuning.trials if trial.r2 is not None]
        failed = len(tuning.trials) - len(scored)
        note = f"{tuning.strategy} search, {len(tuning.trials)} trials, {failed or 'none'} failed."
        stopped = sum(not trial.is_complete for trial in scored)
        note += f" {stopped} stopped early (hollow dots), after some of the folds." * bool(stopped)
        charts += [tuning_history(tuning.trials)] if scored else []
        charts += [effect(space, scored) for space in tuning.ranges] if scored else []
    if evaluation is not None:
        note = "Fitted without a search." if evaluation.cv is None else note
        actual = evaluation.predictions["actual"].to_numpy(float)
        predicted = evaluation.predictions["predicted"].to_numpy(float)
        charts += [predicted_against_actual(actual, predicted), residuals(actual - predicted)]
        charts += [importance(evaluation.importance)] if evaluation.importance else []
    return ModelSection(name, note, charts)


def tuning_history(trials: tuple[Trial, ...]) -> Chart:
    """Draw R2 of every trial, and the best so far of those that came to their end."""
    shown = [trial for trial in trials if trial.r2 is not None]
    points = [(float(trial.number), trial.r2 or 0.0) for trial in shown]
    complete = [trial.is_complete for trial in shown]
    scored = [(int(at), r2) for (at, r2), whole in zip(points, complete, strict=True) if whole]
    tops = list(accumulate((r2 for _, r2 in scored), max))
    best = max(range(len(scored)), key=lambda index: scored[index][1])
    steps = [(scored[0][0], tops[0])]
    for (at, _), top in zip(scored[1:], tops[1:], strict=True):
        steps += [(at, steps[-1][1]), (at, top)]
    axes = (
        Axis.around("trial", [1, len(trials)]),
        Axis.around("R2, mean of the folds", tops + [r2 for _, r2 in points]),
    )
    note = (
        f"Best: trial {scored[best][0]} with R2 {scored[best][1]:.4f}. The line is the best so far."
    )
    top_by_trial = dict(zip((at for at, _ in scored), tops, strict=True))
    rows = [
        [str(trial.number), figure(trial.r2), figure(top_by_trial.get(trial.number)),
         figure(trial.seconds, 1), trial.status,
         ", ".join(f"{name} {short(value)}" for name, value in trial.hyperparameters.items())]
        for trial in trials
    ]  # fmt: skip
    header = ["trial ", "R2 ", "best so far ", "seconds ", "status", "hyperparameters"]
    highlight = points.index((float(scored[best][0]), scored[best][1]))
    hollow = [index for index, whole in enumerate(complete) if not whole]
    svg = scatter(
        "Tuning history", note, axes, points, line=steps, highlight=highlight, hollow=hollow
    )
    return Chart("Tuning history", svg, Table("Trials", header, rows), note)


def effect(space: Range, trials: list[Trial]) -> Chart:
    """Draw R2 of every trial against one hyperparameter."""
    tried = [(trial.hyperparameters[space.name], trial.r2 or 0.0) for trial in trials]
    title = f"Effect of {space.name}"
    scores = [r2 for _, r2 in tried]
    hollow = [index for index, trial in enumerate(trials) if not trial.is_complete]
    best = max(
        set(range(len(trials))).difference(hollow), key=lambda index: (scores[index], -index)
    )
    if space.values:
        axis = Axis.of_names(space.name, space.values)
        places = [float(space.values.index(value)) for value, _ in tried]
    else:
        places = [float(value) for value, _ in tried]
        bounds = [float(space.low), float(space.high)]
        axis = Axis.around(space.name, [*bounds, *places], logarithmic=space.logarithmic)
    edge = edge_of(space, tried[best][0])
    note = f"Searched: {space}. Best trial: {short(tried[best][0])}{edge and f', at the {edge}'}."
    points = list(zip(places, scores, strict=True))
    axes = axis, Axis.around("R2, mean of the folds", scores)
    rows = [[short(tried[index][0]), figure(scores[index])] for index in np.argsort(places)]
    svg = scatter(title, note, axes, points, highlight=best, hollow=hollow)
    table = Table(f"R2 by {space.name}", [f"{space.name} ", "R2 "], rows)
    return Chart(title, svg, table, note)


def predicted_against_actual(actual: NDArray[np.float64], predicted: NDArray[np.float64]) -> Chart:
    """Draw predictions of the test rows: at most `MOST_POINTS`; all are in the table."""
    shown = np.unique(np.linspace(0, len(actual) - 1, MOST_POINTS).astype(int))
    values = np.concatenate([actual, predicted])
    x, y = Axis.around("actual", values), Axis.around("predicted", values)
    points = list(zip(actual[shown].tolist(), predicted[shown].tolist(), strict=True))
    part = "all" if len(shown) == len(actual) else f"{len(shown):,}"
    note = f"{part} of {len(actual):,} test rows; on the line, prediction and truth agree."
    title = "Predicted against actual"
    line = [(x.low, x.low), (x.high, x.high)]
    svg = scatter(title, note, (x, y), points, line=line, small=True)
    return Chart(title, svg, _tenths(actual, predicted), f"{note[0].upper()}{note[1:]}")


def _tenths(actual: NDArray[np.float64], predicted: NDArray[np.float64]) -> Table:
    """Return means within tenths of the rows, in the order of the truth."""
    parts = [part for part in np.array_split(np.argsort(actual, kind="stable"), 10) if len(part)]
    rows = [
        [f"{number(actual[part[0]])} to {number(actual[part[-1]])}", f"{len(part):,}",
         number(actual[part].mean()), number(predicted[part].mean()),
         number(np.abs(actual[part] - predicted[part]).mean())]
        for part in parts
    ]  # fmt: skip
    header = ["actual", "rows ", "mean actual ", "mean predicted ", "mean absolute error "]
    return Table("Tenths of the test rows, by actual value", header, rows)


def residuals(errors: NDArray[np.float64]) -> Chart:
    """Draw how often the model is off by how much."""
    counts, edges = np.histogram(errors, bins=min(BINS, max(5, int(len(errors) ** 0.5))))
    note = (
        f"Actual minus predicted: mean {number(errors.mean())}, "
        f"median {number(float(np.median(errors)))}, standard deviation {number(errors.std())}."
    )
    axes = Axis.around("actual minus predicted", edges), Axis("rows", 0, int(counts.max()) * 1.05)
    svg = histogram("Residuals", note, axes, edges.tolist(), counts.tolist())
    rows = [
        [f"{number(low)} to {number(high)}", f"{count:,}"]
        for (low, high), count in zip(pairwise(edges), counts, strict=True)
    ]
    return Chart("Residuals", svg, Table("Rows by residual", ["residual", "rows "], rows), note)


def importance(shares: Mapping[str, float]) -> Chart:
    """Draw each column's share in the model, largest first."""
    rows = [(name, share, f"{share:.1%}") for name, share in shares.items()]
    hidden = len(rows) - MOST_COLUMNS
    note = "Share of each column in what the model's splits gained on the training rows."
    note += f" The {hidden} least important are only in the table." if hidden > 0 else ""
    table = Table(
        "Feature importance", ["column", "share "], [[name, text] for name, _, text in rows]
    )
    svg = bars("Feature importance", note, rows[:MOST_COLUMNS])
    return Chart("Feature importance", svg, table, note)
