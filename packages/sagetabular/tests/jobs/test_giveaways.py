"""A column that gives the target away is named; what merely helps is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sagetabular.jobs.rows.giveaway import about_giveaways
from sagetabular.jobs.tables import FOLD

ROWS = 1500
GENERATOR = np.random.default_rng(3)
CASUAL, REGISTERED = GENERATOR.poisson(5, ROWS), GENERATOR.poisson(200, ROWS) * 2.0
COUNT = CASUAL + REGISTERED
NOISE = GENERATOR.normal(size=ROWS)
FOLDS = np.arange(ROWS) % 5
# A column, and whether it gives the count of bikes away.
COLUMNS = {
    "registered": (REGISTERED, True),
    "the target itself": (COUNT.astype(float), True),
    "the target turned round": (-3 * COUNT + 7.0, True),
    "with gaps": (np.where(np.arange(ROWS) % 47 == 0, np.nan, COUNT), True),
    "as text": (pd.Series(COUNT // 8 * 8).astype(int).astype(str), True),
    "beyond single precision": (COUNT * 1e300, False),
    "casual": (CASUAL.astype(float), False),
    "half of it": (REGISTERED + 30 * NOISE, False),
    "noise": (NOISE, False),
    "constant": (np.ones(ROWS), False),
    "empty": (np.full(ROWS, np.nan), False),
    "no text": (pd.Series([None] * ROWS, dtype=object), False),
    "an id": (pd.Series(np.arange(ROWS)).astype(str), False),
    "a position": (np.arange(ROWS) * 1.0, False),
}


@pytest.mark.parametrize("folds", [FOLDS, np.where(FOLDS, -1, 0), np.sort(FOLDS) - 1])
@pytest.mark.parametrize("name", COLUMNS)
def test_what_explains_nearly_all_alone_is_named(name: str, folds: np.ndarray) -> None:
    values, away = COLUMNS[name]
    table = pd.DataFrame({"helps": NOISE, name: values, "count": COUNT, FOLD: folds})
    notes = list(about_giveaways(table, "count"))
    assert [note.split(" alone explains ")[0] for note in notes] == ([name] if away else [])


def test_the_share_is_that_on_rows_that_were_not_seen() -> None:
    """A tree of 64 leaves learns 64 of 75 rows by heart, and knows nothing of the others."""
    table = pd.DataFrame({"noise": NOISE[:75], "count": COUNT[:75], FOLD: FOLDS[:75]})
    assert list(about_giveaways(table, "count")) == []


def test_a_fold_without_two_values_of_the_target_says_nothing() -> None:
    table = pd.DataFrame({"a": COUNT[:50], "count": COUNT[:50], FOLD: FOLDS[:50]})
    table.loc[table[FOLD] == 4, "count"] = 1.0
    assert list(about_giveaways(table, "count")) == []
