"""Charts of predicted numbers: against the truth, and what is left between them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sagetabular.report.charts.axes import Axis, number
from sagetabular.report.charts.plots import histogram, scatter
from sagetabular.report.tables import Chart, Table

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

MOST_POINTS = 2000
BINS = 30


def number_charts(predictions: pd.DataFrame) -> list[Chart]:
    """Return the charts of columns `actual` and `predicted`, both numbers."""
    actual = predictions["actual"].to_numpy(float)
    predicted = predictions["predicted"].to_numpy(float)
    return [predicted_against_actual(actual, predicted), residuals(actual - predicted)]


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
