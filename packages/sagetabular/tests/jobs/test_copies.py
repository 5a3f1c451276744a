"""Rows that repeat another one: kept, never separated, and without them the split of before."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.rows.splitting import Splitter, content_keys

KINDS = {"random": "target", "stratified": "target", "grouped": "town", "time": "day"}
DEALT = ["random", "stratified"]
# Copies of each different row: none, few, as in counts per team and hour, and one that dwarfs all.
WEIGHTS = {
    "none": lambda generator, number: np.ones(number, dtype=int),
    "pairs": lambda generator, number: generator.integers(1, 3, number),
    "counts": lambda generator, number: 1 + generator.poisson(6, number),
    "long tail": lambda generator, number: np.minimum(generator.zipf(1.6, number), 200),
    "one dwarfs all": lambda generator, number: np.where(np.arange(number) == 3, 5 * number, 1),
}


def different_rows(number: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    days = pd.to_timedelta(generator.integers(0, 300, number), unit="D")
    return pd.DataFrame(
        {
            "size": generator.permutation(number) / 4,
            "town": generator.choice([f"town {i}" for i in range(30)], number),
            "day": pd.Timestamp("2026-01-01", tz="UTC") + days,
            "target": generator.poisson(3, number).astype(float),
        }
    )


def with_copies(number: int, seed: int, copies: str) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    rows = different_rows(number, seed)
    repeated = rows.loc[np.repeat(np.arange(number), WEIGHTS[copies](generator, number))]
    return repeated.sample(frac=1, random_state=seed).reset_index(drop=True)


def former_keys(rows: pd.DataFrame, seed: int, salt: str) -> np.ndarray:
    keys = pd.util.hash_pandas_object(rows, index=False).to_numpy(np.uint64)
    offset = np.random.SeedSequence([seed, *salt.encode()]).generate_state(1, np.uint64)
    return pd.util.hash_array(keys + offset)


def former_strata(target: pd.Series, keys: np.ndarray) -> np.ndarray:
    ranks = np.empty(len(target), dtype=np.int64)
    ranks[np.lexsort((keys, target.to_numpy()))] = np.arange(len(target))
    return ranks * 10 // len(target)


def former_folds(rows: pd.DataFrame, kind: str, seed: int, number: int) -> np.ndarray:
    """The rule of release 1.0.0: rows in the order of their keys are numbered round and round."""
    keys = former_keys(rows, seed, "folds")
    strata = [former_strata(rows["target"], keys)] if kind == "stratified" else []
    folds = np.empty(len(rows), dtype=np.int64)
    folds[np.lexsort([keys, *strata])] = np.arange(len(rows)) % number
    return folds


def former_holdout(rows: pd.DataFrame, kind: str, seed: int, share: float, salt: str) -> np.ndarray:
    keys = former_keys(rows, seed, salt)
    if kind == "random":
        return keys / 2.0**64 < share
    strata = pd.Series(keys).groupby(former_strata(rows["target"], keys))
    return ((strata.rank() - 1) / strata.transform("size")).to_numpy() < share


@pytest.mark.parametrize("kind", DEALT)
@given(
    rows=st.integers(12, 400), folds=st.integers(2, 6), seed=st.integers(0, 2**31 - 1),
    share=st.floats(0.01, 0.99),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_table_without_copies_is_split_as_it_was_to_the_bit(
    kind: str, rows: int, folds: int, seed: int, share: float
) -> None:
    table = different_rows(rows, seed)
    splitter = Splitter(kind, "target", seed)
    np.testing.assert_array_equal(
        splitter.folds(table, folds), former_folds(table, kind, seed, folds)
    )
    for salt in ("test", "validation"):
        np.testing.assert_array_equal(
            splitter.holdout(table, share, salt), former_holdout(table, kind, seed, share, salt)
        )


@pytest.mark.parametrize("copies", WEIGHTS)
@pytest.mark.parametrize("kind", KINDS)
@given(rows=st.integers(60, 300), seed=st.integers(0, 2**31 - 1), folds=st.integers(2, 6))
@settings(max_examples=10, deadline=None)
def test_copies_are_never_on_two_sides_nor_in_two_folds(
    copies: str, kind: str, rows: int, seed: int, folds: int
) -> None:
    table = with_copies(rows, seed, copies)
    splitter = Splitter(kind, KINDS[kind], seed)
    for salt, share in (("test", 0.2), ("validation", 0.3)):
        sides = pd.Series(splitter.holdout(table, share, salt))
        assert sides.groupby(content_keys(table)).nunique().max() == 1
    try:
        assigned = splitter.folds(table, folds)
    except JobError as error:  # one time, or one group, may be most of the table
        assert kind in ("time", "grouped")
        assert "two different rows" in str(error)
        return
    assert pd.Series(assigned).groupby(content_keys(table)).nunique().max() == 1


@pytest.mark.parametrize("copies", WEIGHTS)
@pytest.mark.parametrize("kind", DEALT)
@given(rows=st.integers(20, 300), seed=st.integers(0, 2**31 - 1), folds=st.integers(2, 6))
@settings(max_examples=15, deadline=None)
def test_folds_are_as_even_as_the_most_frequent_row_allows(
    copies: str, kind: str, rows: int, seed: int, folds: int
) -> None:
    table = with_copies(rows, seed, copies)
    assigned = Splitter(kind, "target", seed).folds(table, folds)
    sizes = np.bincount(assigned, minlength=folds)
    counts = pd.Series(content_keys(table)).value_counts()
    assert np.ptp(sizes) <= counts.max()
    different = pd.Series(content_keys(table)).groupby(assigned).nunique()
    assert np.ptp(different) <= 1


@pytest.mark.parametrize("kind", KINDS)
@given(order=st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None)
def test_the_order_of_rows_with_copies_changes_nothing(kind: str, order) -> None:
    table = with_copies(200, 1, "counts")
    shuffled = table.sample(frac=1, random_state=order.randrange(2**31))
    splitter = Splitter(kind, KINDS[kind], 23)
    one, other = (
        pd.DataFrame(
            {
                "fold": splitter.folds(rows, 4),
                "test": splitter.holdout(rows, 0.2, "test"),
                "key": content_keys(rows),
            }
        ).sort_values("key", ignore_index=True)
        for rows in (table, shuffled)
    )
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("kind", DEALT)
def test_the_test_rows_are_still_a_share_of_the_rows(kind: str) -> None:
    """364 different rows among 6,000, as in counts of calls per team and hour."""
    table = with_copies(364, 5, "counts").head(2500)
    shares = [
        Splitter(kind, "target", seed).holdout(table, 0.2, "test").mean() for seed in range(9)
    ]
    assert np.mean(shares) == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("kind", DEALT)
def test_too_few_different_rows_are_refused_with_all_numbers(kind: str) -> None:
    table = with_copies(7, 1, "one dwarfs all")
    with pytest.raises(JobError) as caught:
        Splitter(kind, "target", 1).folds(table, 4)
    assert str(caught.value).splitlines() == [
        "conf/pipeline.yaml: split.folds must leave two different rows in every fold, got 4 folds "
        f"for {len(table)} training rows, of which 7 differ.",
        "Use fewer folds, or a query with more rows.",
    ]


def test_a_row_without_a_time_is_refused_by_a_split_by_time() -> None:
    table = different_rows(50, 1)
    table.loc[[3, 7], "day"] = pd.NaT
    splitter = Splitter("time", "day", 1)
    for split in (lambda: splitter.folds(table, 3), lambda: splitter.holdout(table, 0.2, "test")):
        with pytest.raises(JobError, match="split.by 'day' must have a value.*got 2 without"):
            split()
