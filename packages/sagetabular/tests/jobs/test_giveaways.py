"""A column that gives the target away is named; what merely helps is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from sagetabular.jobs.rows.giveaway import about_giveaways, find_giveaways
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
    table = pd.DataFrame({"a": COUNT[:50], "count": COUNT[:50], FOLD: np.repeat([-1, 0], [40, 10])})
    table.loc[table[FOLD] == 0, "count"] = 1.0
    assert list(about_giveaways(table, "count")) == []


def test_the_sentence_says_share_measure_and_remedy() -> None:
    table = pd.DataFrame({"twice": 2.0 * COUNT, "count": COUNT, FOLD: FOLDS})
    (note,) = about_giveaways(table, "count")
    assert note == (
        "twice alone explains 100% of count (R2 of a tree on one fold): drop it if it is not known "
        "before."
    )


def test_an_id_in_the_order_of_the_target_is_named() -> None:
    """A file that is sorted by its target: the number of the row tells it."""
    rows = pd.DataFrame({"id": np.arange(ROWS) * 1.0, "helps": NOISE})
    found = find_giveaways(rows, pd.Series(np.sort(COUNT), name="count"))
    assert [giveaway.columns for giveaway in found] == [("id",)]


KINDS = np.array(["gold", "silver", "none"])[np.searchsorted([0.1, 0.4], GENERATOR.random(ROWS))]
WRONG = GENERATOR.random(ROWS)
# A column, and whether it gives one of the three kinds away.
TELLING = {
    "renamed": (pd.Series(KINDS).map({"gold": "A", "silver": "B", "none": "C"}), True),
    "as a number": (pd.Series(KINDS).map({"gold": 7.0, "silver": -1.0, "none": 3.0}), True),
    "finer": (pd.Series(KINDS) + pd.Series(np.arange(ROWS) % 9).astype(str), True),
    "missing where gold": (pd.Series(KINDS).map({"none": "n", "silver": "s"}), True),
    "with gaps": (pd.Series(KINDS).mask(WRONG < 0.01), True),
    "often wrong": (pd.Series(KINDS).mask(WRONG < 0.3, "none"), False),
    "tells one of the three": (pd.Series(KINDS == "gold").astype(float), False),
    "a name of each row": (pd.Series(KINDS) + pd.Series(np.arange(ROWS)).astype(str), False),
    "an id": (pd.Series(np.arange(ROWS)).astype(str), False),
    "noise": (pd.Series(NOISE), False),
    "letters": (pd.Series(np.arange(ROWS) % 7).astype(str), False),
    "constant": (pd.Series(np.ones(ROWS)), False),
    "empty": (pd.Series(np.full(ROWS, np.nan)), False),
    "no text": (pd.Series([None] * ROWS, dtype=object), False),
}


@pytest.mark.parametrize("name", TELLING)
def test_what_tells_the_class_alone_is_named(name: str) -> None:
    values, away = TELLING[name]
    table = pd.DataFrame({"helps": NOISE, name: values, "medal": KINDS, FOLD: FOLDS})
    notes = list(about_giveaways(table, "medal", "multiclass"))
    assert [note.split(" alone explains ")[0] for note in notes] == ([name] if away else [])
    for note in notes:
        assert note.endswith(
            "% of medal (errors saved beside always guessing none on one fold): drop it if it is "
            "not known before."
        )


def test_the_share_of_a_class_is_that_of_the_errors_saved() -> None:
    """Guessing "no" is wrong in 30 of 200 asked rows, the column in one: 29 of 30 are saved."""
    target = pd.Series(np.where(np.arange(1000) % 20 < 3, "yes", "no"), name="left")
    folds = np.arange(1000) // 200
    column = target.copy()
    column[803] = "yes"  # whose target is "no", in the last fold
    (found,) = find_giveaways(pd.DataFrame({"code": column}), target, "binary", folds)
    # The last four folds have 120 rows of "yes", and one error: 30 rows alone are too few.
    assert found.share == pytest.approx(1 - 1 / 120)
    assert found.columns == ("code",)


def test_a_few_lucky_guesses_are_no_evidence() -> None:
    """Of 30 columns of noise some tell the four rows of the last fold apart."""
    generator = np.random.default_rng(5)
    noise = pd.DataFrame(generator.normal(size=(20, 30))).rename(columns=str)
    for task, target in (("binary", generator.integers(0, 2, 20)), ("regression", NOISE[:20])):
        assert find_giveaways(noise, pd.Series(target), task, np.arange(20) // 4) == []


@pytest.mark.parametrize(
    ("name", "task"),
    [("breast_cancer", "binary"), ("iris", "multiclass"), ("wine", "multiclass"),
     ("diabetes", "regression")],
)  # fmt: skip
def test_no_column_of_scikit_learns_tables_is_suspected(name: str, task: str) -> None:
    table = getattr(datasets, f"load_{name}")(as_frame=True)
    assert find_giveaways(table.data, table.target, task) == []


def test_rows_in_any_order_are_asked_alike() -> None:
    """Without folds of its own, a table that is sorted by its target is not cut there."""
    rows = pd.DataFrame({"registered": REGISTERED, "noise": NOISE})
    order = np.argsort(COUNT)
    target = pd.Series(COUNT, name="count")
    found = find_giveaways(rows, target)
    assert found == find_giveaways(rows.iloc[order], target.iloc[order])
    assert [giveaway.columns for giveaway in found] == [("registered",)]
