"""ROC and precision-recall curves of the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import auc, precision_recall_curve, roc_curve

from sagetabular.report.charts.axes import Axis, shorten
from sagetabular.report.charts.lines import TOLD_APART, Curve, curves
from sagetabular.report.tables import Chart, Table, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sagetabular.report.models.classified import Classified

    Line = tuple[NDArray[np.float64], NDArray[np.float64]]

MOST_POINTS = 200
POINTS_OF_MANY = 60  # of each curve, where they are more than can be told apart
MOST_ROWS = 40
_LETTERS = 24
_SHOWN_AT = (0.01, 0.05, 0.1, 0.2, 0.5)


def roc(rows: Classified) -> Chart:
    """Draw how many of a class's rows are found at what price in rows of the others."""
    title, label = "ROC curve", "ROC AUC"
    axes = _shares("false positive rate", "true positive rate")
    lines, scores = {}, {}
    for place in rows.asked:
        truth, probability = rows.truth(place), rows.probabilities[:, place]
        false, true, _ = roc_curve(truth, probability)
        lines[place], scores[place] = (false, true), float(auc(false, true))
    note = f"{_said(rows, scores, label)} On the dashed line lies what guessing finds."
    drawn = _drawn(rows, lines, scores)
    svg = curves(title, note, axes, drawn, guide=[(0, 0), (1, 1)])
    if rows.binary:
        return Chart(title, svg, _points(axes, *lines.values()), note)
    at = [f"found at {share:.0%} false " for share in _SHOWN_AT]
    table = [
        [rows.names[place], figure(scores[place]),
         *(f"{np.interp(share, *line):.1%}" for share in _SHOWN_AT)]
        for place, line in lines.items()
    ]  # fmt: skip
    return Chart(
        title, svg, Table(f"{label} of each class", ["class", f"{label} ", *at], table), note
    )


def precision_recall(rows: Classified) -> Chart:
    """Draw how pure what is found is, by how much of the class is found."""
    title, label = "Precision and recall", "average precision"
    axes = _shares("recall", "precision")
    lines, scores = {}, {}
    for place in rows.asked:
        truth, probability = rows.truth(place), rows.probabilities[:, place]
        precision, recall, _ = precision_recall_curve(truth, probability)
        lines[place] = _stairs(recall[::-1], precision[::-1])
        # As scikit-learn defines it: the sum of the steps.
        scores[place] = float(-np.sum(np.diff(recall) * precision[:-1]))
    shares = {place: rows.rows(place) / len(rows.actual) for place in lines}
    note = _said(rows, scores, label)
    guide: list[tuple[float, float]] = []
    if rows.binary:
        (share,) = shares.values()
        guide = [(0, share), (1, share)]
        note += f" On the dashed line lies what guessing finds: {share:.1%} of the rows."
    svg = curves(title, note, axes, _drawn(rows, lines, scores), guide=guide)
    if rows.binary:
        return Chart(title, svg, _points(axes, *lines.values()), note)
    header = ["class", "average precision ", "share of the rows "]
    table = [[rows.names[place], figure(scores[place]), f"{shares[place]:.1%}"] for place in lines]
    return Chart(title, svg, Table("Average precision of each class", header, table), note)


def thinned(line: Line, most: int) -> Line:
    """Return so many points of a line, at even distances along it; the first and the last stay.

    Args:
        line: Places across and up, each of shape (points,).
        most: Points to keep.
    """
    x, y = line
    if len(x) <= most:
        return line
    along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    wanted = np.linspace(0, along[-1], most)
    kept = np.unique(np.append(np.searchsorted(along, wanted, side="left"), len(x) - 1))
    return x[kept], y[kept]


def _shares(across: str, up: str) -> tuple[Axis, Axis]:
    return Axis.around(across, [0, 1]), Axis.around(up, [0, 1])


def _stairs(x: NDArray[np.float64], y: NDArray[np.float64]) -> Line:
    """Return a line that is level between its points: what lies between them was never measured."""
    return np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]


def _said(rows: Classified, scores: dict[int, float], label: str) -> str:
    """Return the score of the positive class, or the lowest and the highest of all classes."""
    if rows.binary:
        ((place, score),) = scores.items()
        return f"{rows.said(place)}: {label} {score:.4f}."
    low, high = min(scores, key=scores.__getitem__), max(scores, key=scores.__getitem__)
    if f"{scores[low]:.4f}" == f"{scores[high]:.4f}":
        return f"Each class against the rest: {label} {scores[low]:.4f}."
    return (
        f"Each class against the rest: {label} from {scores[low]:.4f} ({rows.said(low)}) "
        f"to {scores[high]:.4f} ({rows.said(high)})."
    )


def _drawn(rows: Classified, lines: dict[int, Line], scores: dict[int, float]) -> list[Curve]:
    """Return the curves: told apart if they are few, else the lowest one alone."""
    most = MOST_POINTS if len(lines) <= TOLD_APART else POINTS_OF_MANY
    points = {place: _pairs(thinned(line, most)) for place, line in lines.items()}
    if rows.binary:
        return [Curve("", each) for each in points.values()]
    names = {
        place: f"{shorten(rows.names[place], _LETTERS)}: {score:.4f}"
        for place, score in scores.items()
    }
    if len(points) <= TOLD_APART:
        looks = (f"curve{number}" for number in range(TOLD_APART))
        return [Curve(names[place], points[place], look)
                for place, look in zip(points, looks, strict=False)]  # fmt: skip
    low = min(scores, key=scores.__getitem__)
    others = [Curve("", points[place], "faint") for place in points if place != low]
    more = Curve(f"the {len(others)} other classes", others[-1].points, "faint")
    return [*others[:-1], more, Curve(f"lowest: {names[low]}", points[low], "curve1")]


def _points(axes: tuple[Axis, Axis], line: Line) -> Table:
    """Return some points of a curve as a table."""
    rows = [[f"{x:.3f}", f"{y:.3f}"] for x, y in _pairs(thinned(line, MOST_ROWS))]
    header = [f"{axis.label} " for axis in axes]
    return Table("Points of the curve", header, list(map(list, dict.fromkeys(map(tuple, rows)))))


def _pairs(line: Line) -> Sequence[tuple[float, float]]:
    return list(zip(line[0].tolist(), line[1].tolist(), strict=True))
