"""Checks of the function `importance`, which a model may offer."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sagetabular.jobs.evaluate import feature_importance
from sagetabular.model_checks.rows import TOWN, make_rows
from sagetabular.model_checks.subject import require

if TYPE_CHECKING:
    import pandas as pd

    from sagetabular.model_checks.subject import Subject


def importance_if_offered_gives_every_column_its_share(subject: Subject) -> None:
    """Shares of 0 or more that sum to 1, or are all 0 where nothing was learnt."""
    for table in _tables():
        shares = feature_importance(subject.code, subject.fit((table, make_rows()[1])))
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
    """Evaluate asks the loaded model, and writes the answer as JSON."""
    model = subject.fit()
    shares = feature_importance(subject.code, model)
    if shares is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        subject.code.save(model, Path(folder))
        loaded = feature_importance(subject.code, subject.code.load(Path(folder)))
    require(loaded == shares, "importance differs between the fitted and the loaded model")
    json.dumps(shares, allow_nan=False)


def _tables() -> list[pd.DataFrame]:
    """The usual features, numbers or categories alone, and a column that teaches nothing."""
    features, _ = make_rows()
    constant = features[[]].assign(constant=np.float64(1))
    return [features, features[["rooms", "size"]], features[[TOWN]], constant]


CHECKS = (
    importance_if_offered_gives_every_column_its_share,
    importance_if_offered_survives_saving,
)
