"""Checks of the function `scorer`, which a model may offer and the server then uses."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sagetabular.model_checks.rows import TOWN, make_rows
from sagetabular.model_checks.subject import CheckError, require

if TYPE_CHECKING:
    from sagetabular.model_checks.subject import Subject


def scorer_if_offered_gives_the_bits_of_predict(subject: Subject) -> None:
    """For the loaded model, which is what is served: gaps, huge numbers, one row alone."""
    build = getattr(subject.code, "scorer", None)
    if build is None:
        return
    features, model = _fitted(subject)
    scorer = build(model, list(features))
    asked = np.vstack([features.to_numpy(), np.full((1, 2), np.nan), [[1e30, -1e30], [0.0, -0.0]]])
    for rows in (asked, asked[:1], asked[-3:-2]):
        table = pd.DataFrame(rows, columns=features.columns)
        same = np.array_equal(scorer(rows), subject.code.predict(model, table), equal_nan=True)
        require(same, f"scorer and predict differ for the rows {rows[:3].tolist()}")


def scorer_if_offered_refuses_other_columns(subject: Subject) -> None:
    """It gets a matrix without names, so it must look at the names once."""
    build = getattr(subject.code, "scorer", None)
    if build is None:
        return
    features, model = _fitted(subject)
    for columns in (list(features)[::-1], ["size"], ["size", "length"], [*features, "more"]):
        try:
            build(model, columns)
        except ValueError:
            continue
        msg = f"scorer must raise ValueError for the columns {columns}; fit saw {list(features)}"
        raise CheckError(msg)


def _fitted(subject: Subject) -> tuple[pd.DataFrame, Any]:
    """Features, numbers alone, and the model that learnt from them, saved and loaded."""
    features, target = make_rows()
    numbers = features.drop(columns=TOWN)
    with tempfile.TemporaryDirectory() as folder:
        subject.code.save(subject.fit((numbers, target)), Path(folder))
        return numbers, subject.code.load(Path(folder))


CHECKS = (
    scorer_if_offered_gives_the_bits_of_predict,
    scorer_if_offered_refuses_other_columns,
)
