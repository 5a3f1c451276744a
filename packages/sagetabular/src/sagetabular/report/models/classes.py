"""Charts and table of predicted classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from sagetabular.report.models.classified import read_classified
from sagetabular.report.models.confusion import confusion
from sagetabular.report.models.curves import precision_recall, roc
from sagetabular.report.models.probabilities import calibration, distribution
from sagetabular.report.tables import NONE, Chart, Table, figure

if TYPE_CHECKING:
    from sagetabular.report.artefacts import TestOutcome


def class_charts(found: TestOutcome) -> list[Chart]:
    """Return the charts of a model's test rows; curves only where a class has rows to be ranked."""
    rows = read_classified(found)
    ranked = [roc(rows), precision_recall(rows)] if rows.asked else []
    return [confusion(rows), *ranked, calibration(rows), distribution(rows)]


def class_table(found: TestOutcome) -> Table:
    """Return precision, recall, F1 and rows of each class; a dash where one is not defined."""
    rows = read_classified(found)
    scores = precision_recall_fscore_support(
        rows.actual,
        rows.predicted,
        labels=list(range(len(rows.names))),
        average=None,
        zero_division=np.nan,
    )
    cells = [
        [name, *(NONE if np.isnan(score) else figure(float(score)) for score in of_class),
         f"{count:,}", f"{guessed:,}"]
        for name, *of_class, count, guessed in zip(
            rows.names, *scores, rows.counts.sum(axis=0), strict=True
        )
    ]  # fmt: skip
    header = ["class", "precision ", "recall ", "F1 ", "rows ", "predicted "]
    return Table("Classes on the test rows", header, cells)
