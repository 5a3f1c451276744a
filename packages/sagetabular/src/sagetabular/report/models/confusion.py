"""Which classes are taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sagetabular.report.charts.axes import shorten
from sagetabular.report.charts.matrix import matrix
from sagetabular.report.tables import Chart, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sagetabular.report.models.classified import Classified

MOST_CLASSES = 20
_LETTERS = 24


def confusion(rows: Classified) -> Chart:
    """Draw the confusion matrix: of each class's rows, which share was taken for which class."""
    title = "Confusion matrix"
    names, counts = pooled(rows.names, rows.counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    note = f"Rows by true class, in percent of it. {_most_common(rows)}"
    svg = matrix(title, note, names, counts.tolist(), shares.tolist())
    table = [
        [name, *(f"{count:,} ({share:.0%})" for count, share in zip(*row, strict=True)),
         f"{sum(row[0]):,}"]
        for name, *row in zip(names, counts.tolist(), shares.tolist(), strict=True)
    ]  # fmt: skip
    header = ["actual", *(f"predicted {shorten(name, _LETTERS)} " for name in names), "rows "]
    return Chart(title, svg, Table("Rows by true and predicted class", header, table), note)


def pooled(
    names: list[str], counts: NDArray[np.int64], most: int = MOST_CLASSES
) -> tuple[list[str], NDArray[np.int64]]:
    """Return a matrix of at most so many classes: the rarest are one, which is named so.

    Args:
        names: The classes.
        counts: Rows by true and predicted class, shape (classes, classes).
        most: How many to show.
    """
    if len(names) <= most:
        return names, counts
    common = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[: most - 1])
    group = np.full(len(names), most - 1)
    group[common] = np.arange(most - 1)
    found = np.zeros((most, most), dtype=np.int64)
    np.add.at(found, (group[:, None], group[None, :]), counts)
    return [*(names[place] for place in common), f"{len(names) - most + 1} others"], found


def _most_common(rows: Classified) -> str:
    """Return which mistake is made most often, in words."""
    wrong = rows.counts - np.diag(np.diag(rows.counts))
    if not wrong.any():
        return "No row is wrong."
    actual, predicted = np.unravel_index(int(wrong.argmax()), wrong.shape)
    count, all_rows = int(wrong[actual, predicted]), rows.rows(int(actual))
    return (
        f"Most common mistake: {rows.said(int(actual))} taken for {rows.said(int(predicted))}, "
        f"{count:,} of {all_rows:,} rows."
    )
