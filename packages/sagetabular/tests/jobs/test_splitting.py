"""The split: complete, disjoint, blind to the order of rows, stable as rows arrive."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.rows.splitting import Splitter, content_keys

KINDS = {"random": "target", "stratified": "target", "grouped": "town", "time": "day"}


def make_rows(number: int = 400, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    days = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(
        generator.integers(0, 200, number), unit="D"
    )
    return pd.DataFrame(
        {
            "size": generator.normal(size=number),
            "town": generator.choice([f"town {i}" for i in range(40)], number),
            "day": days,
            "target": generator.lognormal(size=number),
        }
    )


def places(rows: pd.DataFrame, kind: str, seed: int = 23) -> pd.Series:
    """Content of each row → its place: "test" or the number of its fold."""
    splitter = Splitter(kind, KINDS[kind], seed)
    is_test = splitter.holdout(rows, 0.25, "test")
    found = pd.Series("test", index=content_keys(rows), dtype=object)
    found[~is_test] = splitter.folds(rows[~is_test], 4)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_has_exactly_one_place(kind: str) -> None:
    found = places(make_rows(), kind)
    assert found.notna().all()
    assert set(found) == {"test", 0, 1, 2, 3} | ({-1} if kind == "time" else set())
    assert 0.15 < (found == "test").mean() < 0.35


@pytest.mark.parametrize("kind", KINDS)
@given(order=st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_changes_nothing(kind: str, order) -> None:
    rows = make_rows()
    shuffled = rows.sample(frac=1, random_state=order.randrange(2**31))
    pd.testing.assert_series_equal(
        places(rows, kind).sort_index(), places(shuffled, kind).sort_index()
    )


@pytest.mark.parametrize("kind", ["random", "stratified", "grouped"])
def test_another_seed_gives_another_split(kind: str) -> None:
    rows = make_rows()
    assert (places(rows, kind, seed=1) != places(rows, kind, seed=2)).any()


@pytest.mark.parametrize("kind", ["random", "grouped"])
def test_a_row_stays_on_its_side_when_other_rows_arrive(kind: str) -> None:
    rows = make_rows(600)
    splitter = Splitter(kind, KINDS[kind], 23)
    early, late = rows[:300], rows
    before = splitter.holdout(early, 0.25, "test")
    after = splitter.holdout(late, 0.25, "test")[:300]
    np.testing.assert_array_equal(before, after)


def test_random_folds_differ_in_size_by_one_row_at_most() -> None:
    sizes = np.bincount(Splitter("random", "target", 1).folds(make_rows(403), 5))
    assert sizes.max() - sizes.min() <= 1


def test_the_test_split_says_nothing_about_the_folds() -> None:
    """If both came from one order of keys, the test rows would be a block of it."""
    rows = make_rows(4000)
    splitter = Splitter("random", "target", 3)
    is_test = splitter.holdout(rows, 0.5, "test")
    folds = splitter.folds(rows, 2)
    assert abs(np.corrcoef(is_test, folds)[0, 1]) < 0.06


def test_validation_rows_are_drawn_anew_from_those_that_are_not_test_rows() -> None:
    """Drawn with the same keys, they would be a part of the test rows: here, none at all."""
    rows = make_rows(4000)
    splitter = Splitter("random", "target", 3)
    training = rows[~splitter.holdout(rows, 0.5, "test")]
    assert splitter.holdout(training, 0.25, "validation").mean() == pytest.approx(0.25, abs=0.03)


def test_stratified_folds_have_the_same_distribution_of_the_target() -> None:
    rows = make_rows(2000)
    folds = Splitter("stratified", "target", 5).folds(rows, 4)
    means = rows["target"].groupby(folds).median()
    assert means.max() / means.min() < 1.08
    is_test = Splitter("stratified", "target", 5).holdout(rows, 0.2, "test")
    top = rows["target"] > rows["target"].quantile(0.9)
    assert is_test[top].mean() == pytest.approx(0.2, abs=0.01)


def test_no_group_stands_on_two_sides() -> None:
    found = places(make_rows(), "grouped")
    towns = make_rows()["town"].to_numpy()
    for town in np.unique(towns):
        assert found[towns == town].nunique() == 1


def test_time_folds_only_ever_look_back() -> None:
    rows = make_rows()
    found = places(rows, "time")
    days = pd.Series(rows["day"].to_numpy(), index=found.index)
    assert days[found == "test"].min() > days[found != "test"].max()
    for fold in range(4):
        assert days[found == fold].min() > days[found == fold - 1].max()


def test_too_many_folds_are_refused_with_both_numbers() -> None:
    with pytest.raises(JobError, match=r"split\.folds.*5 folds for 8 training rows"):
        Splitter("random", "target", 1).folds(make_rows(8), 5)


def test_more_folds_than_groups_are_refused() -> None:
    with pytest.raises(JobError, match=r"50 folds for 40 groups of 'town'"):
        Splitter("grouped", "town", 1).folds(make_rows(2000), 50)
