"""Charts of a search: its history, and what each hyperparameter did to the score."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from sagetabular.local.score_texts import direction_text, score_text
from sagetabular.report.charts.axes import Axis, short
from sagetabular.report.charts.plots import scatter
from sagetabular.report.charts.svg import LETTER
from sagetabular.report.headline import edge_of
from sagetabular.report.tables import NONE, Chart, Table, figure

if TYPE_CHECKING:
    from sagetabular.report.searches import Range, SearchOutcome, Trial

_ROOM = 230  # beside the plot: most letters are narrower than the average one


def tuning_history(search: SearchOutcome) -> Chart:
    """Draw the score of every trial, and the best so far of those that came to their end."""
    shown = [trial for trial in search.trials if trial.score is not None]
    points = [(float(trial.number), trial.score or 0.0) for trial in shown]
    whole = [point for point, trial in zip(points, shown, strict=True) if trial.is_complete]
    tops = list(accumulate((score for _, score in whole), max if _rises(search) else min))
    axes = (
        Axis.around("trial", [1, len(search.trials)]),
        Axis.around(_axis(search), [score for _, score in points]),
    )
    best = search.best
    note = f"{_said_of_the_best(search)} The line is the best so far."
    svg = scatter(
        "Tuning history",
        note,
        axes,
        points,
        line=_stairs([at for at, _ in whole], tops),
        highlight=shown.index(best) if best else None,
        hollow=_stopped(shown),
    )
    best_so_far = dict(zip((int(at) for at, _ in whole), tops, strict=True))
    return Chart("Tuning history", svg, _trials(search, best_so_far), note)


def effect(space: Range, search: SearchOutcome) -> Chart:
    """Draw the score of every trial against one hyperparameter."""
    trials = [trial for trial in search.trials if trial.score is not None]
    tried = [trial.hyperparameters[space.name] for trial in trials]
    scores = [trial.score or 0.0 for trial in trials]
    axis, places = _places(space, tried)
    best = search.best
    note = f"Searched: {space}."
    if best is not None:
        value = best.hyperparameters[space.name]
        edge = edge_of(space, value)
        note += f" Best trial: {short(value)}{edge and f', at the {edge}'}."
    title, name = f"Effect of {space.name}", search.metric.label
    svg = scatter(
        title,
        note,
        (axis, Axis.around(_axis(search), scores)),
        list(zip(places, scores, strict=True)),
        highlight=trials.index(best) if best else None,
        hollow=_stopped(trials),
    )
    rows = [
        [short(tried[index]), score_text(search.metric, scores[index])]
        for index in np.argsort(places)
    ]
    table = Table(f"{name} by {space.name}", [f"{space.name} ", f"{name} "], rows)
    return Chart(title, svg, table, note)


def _rises(search: SearchOutcome) -> bool:
    return search.metric.greater_is_better


def _axis(search: SearchOutcome) -> str:
    """Return the name of the vertical axis, as far as there is room for it."""
    label = f"{search.metric.label}, mean of the folds"
    return label if len(label) * LETTER <= _ROOM else f"{search.metric.label}, mean"


def _said_of_the_best(search: SearchOutcome) -> str:
    """Return which trial was best; of a loss also in which direction."""
    best, metric = search.best, search.metric
    if best is None or best.score is None:
        return "No trial came to its end."
    direction = "" if metric.greater_is_better else f"; {direction_text(metric)}"
    score = score_text(metric, best.score)
    return f"Best: trial {best.number} with {metric.in_words} {score}{direction}."


def _stairs(places: list[float], tops: list[float]) -> list[tuple[float, float]]:
    """Return the line of the best so far: level up to the trial that changes it."""
    steps = list(zip(places[:1], tops[:1], strict=True))
    for at, top in zip(places[1:], tops[1:], strict=True):
        steps += [(at, steps[-1][1]), (at, top)]
    return steps


def _stopped(trials: list[Trial]) -> list[int]:
    return [index for index, trial in enumerate(trials) if not trial.is_complete]


def _trials(search: SearchOutcome, best_so_far: dict[int, float]) -> Table:
    def text(score: float | None) -> str:
        return NONE if score is None else score_text(search.metric, score)

    rows = [
        [str(trial.number), text(trial.score), text(best_so_far.get(trial.number)),
         figure(trial.seconds, 1), trial.status,
         ", ".join(f"{name} {short(value)}" for name, value in trial.hyperparameters.items())]
        for trial in search.trials
    ]  # fmt: skip
    header = ["trial ", f"{search.metric.label} ", "best so far ", "seconds ", "status",
              "hyperparameters"]  # fmt: skip
    return Table("Trials", header, rows)


def _places(space: Range, tried: list[str]) -> tuple[Axis, list[float]]:
    """Return the axis of a hyperparameter, and where its values lie on it."""
    if space.values:
        places = [float(space.values.index(value)) for value in tried]
        return Axis.of_names(space.name, space.values), places
    places = [float(value) for value in tried]
    shown = [float(space.low), float(space.high), *places]
    return Axis.around(space.name, shown, logarithmic=space.logarithmic), places
