"""Checks of the functions `importance` and `scorer`, which a model may offer."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sagetabular.jobs.evaluate import feature_importance
from sagetabular.model_checks.rows import TOWN
from sagetabular.model_checks.subject import CheckError, require

if TYPE_CHECKING:
    from sagetabular.model_checks.subject import Subject


def importance_if_offered_gives_every_column_its_share(subject: Subject) -> None:
    """Require shares of 0 or more that sum to 1, or are all 0 where nothing was learnt."""
    for table in _tables(subject):
        shares = feature_importance(subject.code, subject.fit((table, subject.rows()[1])))
        if shares is None:
            return
        names = sorted(shares), sorted(table.columns)
        require(names[0] == names[1], f"importance names {names[0]}, the columns are {names[1]}")
        bad = [name for name, share in shares.items() if not 0 <= share < math.inf]
        require(not bad, f"importance must give 0 or more, got {bad and shares[bad[0]]}")
        total = sum(shares.values())
        flat = not any(shares.values())
        require(flat or math.isclose(total, 1, rel_tol=1e-6), f"importance sums to {total:.6g}")


def importance_if_offered_survives_saving(subject: Subject) -> None:
    """Ask the loaded model, as Evaluate does, which writes the answer as JSON."""
    model = subject.fit()
    shares = feature_importance(subject.code, model)
    if shares is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        subject.code.save(model, Path(folder))
        loaded = feature_importance(subject.code, subject.code.load(Path(folder)))
    require(loaded == shares, "importance differs between the fitted and the loaded model")
    json.dumps(shares, allow_nan=False)


def _tables(subject: Subject) -> list[pd.DataFrame]:
    """Return the usual features, numbers or categories alone, and a constant column."""
    features, _ = subject.rows()
    constant = features[[]].assign(constant=np.float64(1))
    return [features, features[["rooms", "size"]], features[[TOWN]], constant]


def scorer_if_offered_gives_the_bits_of_predict(subject: Subject) -> None:
    """Score gaps, huge numbers and one row alone with the loaded model, which is served."""
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
    """Build it with other names: it gets a matrix, so it must look at the names once."""
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
    """Return features, numbers alone, and the model fitted to them, saved and loaded."""
    features, target = subject.rows()
    numbers = features.drop(columns=TOWN)
    with tempfile.TemporaryDirectory() as folder:
        subject.code.save(subject.fit((numbers, target)), Path(folder))
        return numbers, subject.code.load(Path(folder))


CHECKS = (
    importance_if_offered_gives_every_column_its_share,
    importance_if_offered_survives_saving,
    scorer_if_offered_gives_the_bits_of_predict,
    scorer_if_offered_refuses_other_columns,
)
