"""What predicted probabilities are worth, and how they are spread."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sagetabular.report.charts.axes import Axis
from sagetabular.report.charts.lines import Curve, curves
from sagetabular.report.charts.plots import Side, histogram, mirrored
from sagetabular.report.tables import Chart, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sagetabular.report.models.classified import Classified

BINS = 10
_EDGES = np.linspace(0, 1, 21)


def calibration(rows: Classified) -> Chart:
    """Draw how often what is said to be so likely is so, in bins of equally many rows."""
    if rows.binary:
        probability, truth = rows.probabilities[:, -1], rows.truth(len(rows.names) - 1)
        subject = rows.said(len(rows.names) - 1)
        happened = f"share of {subject}"
    else:
        probability, truth = rows.probabilities.max(axis=1), rows.actual == rows.predicted
        subject, happened = "the predicted class", "share of right predictions"
    bins = calibration_bins(probability, truth)
    gap = sum(each.rows * abs(each.observed - each.predicted) for each in bins) / len(truth)
    note = (
        f"Probability of {subject} against what came true, {len(bins)} bins; the dashed line is "
        f"perfect. Mean distance from it: {gap:.3f}."
    )
    axes = Axis.around("mean probability", [0, 1]), Axis.around("share that came true", [0, 1])
    points = [(each.predicted, each.observed) for each in bins]
    svg = curves("Calibration", note, axes, [Curve("", points)], guide=[(0, 0), (1, 1)], dots=True)
    table = [
        [f"{each.low:.3f} to {each.high:.3f}", f"{each.rows:,}", f"{each.predicted:.3f}",
         f"{each.observed:.3f}"]
        for each in bins
    ]  # fmt: skip
    header = ["probability", "rows ", "mean probability ", f"{happened} "]
    return Chart("Calibration", svg, Table("Bins of the rows", header, table), note)


@dataclass(frozen=True)
class Bin:
    """Rows of similar probability: from where to where, how many, their means."""

    low: float
    high: float
    rows: int
    predicted: float
    observed: float


def calibration_bins(
    probability: NDArray[np.float64], truth: NDArray[np.bool_], bins: int = BINS
) -> list[Bin]:
    """Return bins of as equally many rows as their probabilities allow; equal ones stay together.

    Args:
        probability: Shape (rows,).
        truth: Whether it came true, shape (rows,).
        bins: At most so many.
    """
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1))
    places = np.searchsorted(edges[1:-1], probability)
    return [
        Bin(
            low=float(probability[part].min()),
            high=float(probability[part].max()),
            rows=int(part.sum()),
            predicted=float(probability[part].mean()),
            observed=float(truth[part].mean()),
        )
        for part in (places == place for place in np.unique(places))
    ]


def distribution(rows: Classified) -> Chart:
    """Draw how often which probability is given: to the positive class, else to the true one."""
    return _of_two(rows) if rows.binary else _of_the_truth(rows)


def _of_two(rows: Classified) -> Chart:
    first, positive = rows.said(0), rows.said(1)
    title = "Predicted probabilities"
    note = (
        f"Probability of {positive}: upwards in its rows, downwards in those of {first}, each as a "
        "share of its class."
    )
    counts = [_counted(rows.probabilities[rows.actual == place, -1]) for place in (1, 0)]
    shares = [each / max(each.sum(), 1) for each in counts]
    highest = max(float(each.max()) for each in shares) * 1.08
    axes = Axis.around("probability", [0, 1]), _mirrored(highest)
    up, down = Side(rows.names[1], shares[0].tolist()), Side(rows.names[0], shares[1].tolist())
    svg = mirrored(title, note, axes, _EDGES.tolist(), (up, down))
    table = [
        [f"{low:.2f} to {high:.2f}", f"{one:,}", f"{other:,}"]
        for (low, high), one, other in zip(pairwise(_EDGES), *counts, strict=True)
    ]
    header = ["probability", f"rows of {positive} ", f"rows of {first} "]
    return Chart(title, svg, Table("Rows by probability", header, table), note)


def _of_the_truth(rows: Classified) -> Chart:
    title = "Probability of the true class"
    given = rows.probabilities[np.arange(len(rows.actual)), rows.actual]
    counts = _counted(given)
    note = f"Median {np.median(given):.3f}; below 0.1 in {np.mean(given < 0.1):.1%} of the rows."
    axes = Axis.around("probability", [0, 1]), Axis("rows", 0, int(counts.max()) * 1.05)
    svg = histogram(title, note, axes, _EDGES.tolist(), counts.tolist())
    table = [
        [f"{low:.2f} to {high:.2f}", f"{count:,}"]
        for (low, high), count in zip(pairwise(_EDGES), counts, strict=True)
    ]
    return Chart(title, svg, Table("Rows by probability", ["probability", "rows "], table), note)


def _mirrored(highest: float) -> Axis:
    return Axis("share of the class", -highest, highest, mirrored=True)


def _counted(probability: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.histogram(probability, bins=_EDGES)[0]
