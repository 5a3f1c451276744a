"""Sums, differences and products that the target is are named; good explanations are not."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from sagetabular.jobs.rows.giveaway import about_giveaways, find_giveaways
from sagetabular.jobs.tables import FOLD

ROWS = 2000
GENERATOR = np.random.default_rng(11)
MONTHS = [f"month_{number}" for number in range(1, 13)]
PLANTED = pd.DataFrame(
    {
        "temp": GENERATOR.normal(size=ROWS),
        "casual": GENERATOR.poisson(36, ROWS) * 1.0,
        "registered": GENERATOR.poisson(50, ROWS) * 3.0,
        "price": GENERATOR.lognormal(size=ROWS),
        "pieces": GENERATOR.integers(0, 9, ROWS) * 1.0,
        "season": GENERATOR.choice(["spring", "summer"], ROWS),
        **{name: GENERATOR.lognormal(size=ROWS) for name in MONTHS},
    }
)
PLANTED["like_the_year"] = PLANTED[MONTHS[:6]].sum(axis=1) + GENERATOR.normal(size=ROWS)
YEAR = PLANTED[MONTHS].sum(axis=1)
NOISE = GENERATOR.normal(size=ROWS)
# A target, and the formula that gives it away.
TARGETS = {
    "casual + registered": PLANTED["casual"] + PLANTED["registered"],
    "registered - casual": PLANTED["registered"] - PLANTED["casual"],
    "temp + casual + registered - price": (
        PLANTED["casual"] + PLANTED["registered"] + PLANTED["temp"] - PLANTED["price"]
    ),
    " + ".join(MONTHS): YEAR,
    "price * pieces": PLANTED["price"] * PLANTED["pieces"],
    "pieces / price": PLANTED["pieces"] / PLANTED["price"],
}


def formulas(features: pd.DataFrame, target: pd.Series, task: str = "regression") -> list[str]:
    found = find_giveaways(features, target, task)
    return [giveaway.formula for giveaway in found if len(giveaway.columns) > 1]


@pytest.mark.parametrize("formula", TARGETS)
def test_what_the_target_is_made_of_is_named(formula: str) -> None:
    assert formulas(PLANTED, TARGETS[formula]) == [formula]


@pytest.mark.parametrize("formula", TARGETS)
def test_gaps_do_not_hide_it(formula: str) -> None:
    gaps = PLANTED.drop(columns="season").mask(GENERATOR.random((ROWS, 18)) < 0.02)
    assert formulas(gaps, TARGETS[formula]) == [formula]


def test_the_share_in_another_unit_and_from_another_zero() -> None:
    assert formulas(PLANTED, 7 - TARGETS["casual + registered"] / 1000) == ["casual + registered"]


def test_the_sentence_says_share_measure_and_remedy() -> None:
    target = TARGETS["casual + registered"]
    table = PLANTED[["temp", "casual", "registered"]].assign(count=target)
    *_, note = about_giveaways(table.assign(**{FOLD: np.arange(ROWS) % 5}), "count")
    assert note == (
        "casual + registered explain 100% of count (R2 on one fold): drop what is not known before."
    )


def test_a_copy_of_the_target_hides_no_sum() -> None:
    target = TARGETS["casual + registered"]
    assert formulas(PLANTED.assign(copy=target * 2), target) == ["casual + registered"]


def test_two_sums_are_both_named() -> None:
    target = TARGETS["casual + registered"]
    half = np.round(target * GENERATOR.random(ROWS))
    halves = PLANTED.assign(first=half, second=target - half)
    assert sorted(formulas(halves, target)) == ["casual + registered", "first + second"]


@pytest.mark.parametrize(
    "target",
    [
        PLANTED["casual"] + PLANTED["registered"] + 5 * NOISE,  # 95 %
        PLANTED["registered"] + 0.5 * PLANTED["temp"],  # nearly one of them alone
        3 * PLANTED["casual"] + PLANTED["registered"],  # exact, but what a model is for
        2 * PLANTED["temp"] + np.sin(PLANTED["casual"]),
        pd.Series(NOISE),
        pd.Series(np.ones(ROWS)),
    ],
)
def test_what_only_explains_well_is_not_named(target: pd.Series) -> None:
    assert formulas(PLANTED, target) == []


def test_scores_of_a_game_tell_who_won() -> None:
    games = pd.DataFrame(
        {
            "home_goals": GENERATOR.poisson(1.5, ROWS) * 1.0,
            "away_goals": GENERATOR.poisson(1.2, ROWS) * 1.0,
            "rating": NOISE,
        }
    )
    ahead = np.sign(games["home_goals"] - games["away_goals"])
    result = ahead.map({1.0: "home", 0.0: "draw", -1.0: "away"})
    assert formulas(games, result, "multiclass") == ["home_goals - away_goals"]
    assert formulas(games, (ahead > 0).map({True: "yes", False: "no"}), "binary") == [
        "home_goals - away_goals"
    ]


def test_marks_that_add_up_to_a_class_in_numbers() -> None:
    parts = pd.DataFrame(GENERATOR.integers(0, 3, (ROWS, 4)) * 1.0, columns=list("abcd"))
    parts["noise"] = NOISE
    level = (parts["a"] + parts["b"] + parts["d"]).astype(int).astype(str)
    assert formulas(parts, level, "multiclass") == ["a + b + d"]


@pytest.mark.slow
@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_a_wide_and_long_table_takes_seconds(task: str) -> None:
    """CPU seconds, since others use the machine too; 7 and 9 were measured."""
    table = pd.DataFrame(GENERATOR.normal(size=(50_000, 250))).add_prefix("column_")
    target = {
        "regression": table["column_3"] + table["column_40"] - table["column_7"],
        "multiclass": pd.Series(GENERATOR.integers(0, 12, 50_000)),
    }[task]
    started = time.process_time()
    found = formulas(table, target, task)
    assert time.process_time() - started < 60
    named = ["column_3 + column_40 - column_7"]
    assert found == (named if task == "regression" else [])
