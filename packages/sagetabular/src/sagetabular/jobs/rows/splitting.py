"""Test rows and folds, assigned from each row's content and a seed, never from the order of rows.

Athena and DuckDB return rows in different orders, and tables often lie in an order that means
something (the California one is geographic), so both a positional and an unshuffled split would be
wrong. Equal rows are never separated: a copy that is trained on must not be tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from sklearn.model_selection import GroupKFold

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.rows.copies import deal, numbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRATA = 10
# Salts make the test rows, the validation rows and the folds independent of each other.
Salt = Literal["test", "validation", "folds"]


def content_keys(rows: pd.DataFrame) -> NDArray[np.uint64]:
    """Return one uint64 per row, from its values alone; shape (rows,)."""
    return np.asarray(pd.util.hash_pandas_object(rows, index=False), dtype=np.uint64)


@dataclass(frozen=True)
class Splitter:
    """Assigns rows by `kind`; `by` is the group or time column, or the target for `stratified`."""

    kind: Literal["random", "stratified", "grouped", "time"]
    by: str
    seed: int

    def holdout(self, rows: pd.DataFrame, share: float, salt: Salt) -> NDArray[np.bool_]:
        """Choose the rows to hold out; shape (rows,), bool.

        Random rows and whole groups are drawn one by one, so they stay on their side when other
        rows arrive; `stratified` takes the share of each class or quantile, `time` the last. Equal
        rows stay together.

        Args:
            rows: Cleaned rows.
            share: Wanted share of the rows, between 0 and 1.
            salt: What the rows are held out for.
        """
        if self.kind == "time":
            return _time_rank(rows[self.by]) >= (1 - share) * len(rows)
        if self.kind == "stratified":
            return self._rank_in_stratum(rows, salt) < share
        drawn = rows[[self.by]] if self.kind == "grouped" else rows
        return self._keys(drawn, salt) / 2.0**64 < share

    def folds(self, rows: pd.DataFrame, number: int) -> NDArray[np.int64]:
        """Return the number of the fold that validates each row; shape (rows,), int64.

        For `time` the rows are cut into number + 1 blocks; the first gets -1 (it only trains), and
        each fold is to be trained on what lies before it. Equal rows share a fold; the sizes of
        `random` and `stratified` folds differ by the copies of the most frequent row at most.

        Raises:
            JobError: A fold would have fewer than two different rows.
        """
        if self.kind == "time":
            assigned = (_time_rank(rows[self.by]) * (number + 1) // len(rows)).astype(np.int64) - 1
        elif self.kind == "grouped":
            assigned = self._group_folds(rows[self.by], number)
        else:
            assigned = self._dealt(rows, number)
        _check_sizes(assigned, content_keys(rows), number)
        return assigned

    def _keys(self, rows: pd.DataFrame, salt: Salt) -> NDArray[np.uint64]:
        """Mix content keys with seed and salt: equal rows stay equal, the rest is reshuffled."""
        entropy = [self.seed, *salt.encode()]
        offset = np.random.SeedSequence(entropy).generate_state(1, np.uint64)
        keys: NDArray[np.uint64] = pd.util.hash_array(content_keys(rows) + offset)
        return keys

    def _dealt(self, rows: pd.DataFrame, number: int) -> NDArray[np.int64]:
        """Deal the rows in random order, for `stratified` class by class or by quantile."""
        keys = self._keys(rows, "folds")
        copies = numbered(keys)
        strata = self._strata(rows, keys) if self.kind == "stratified" else np.zeros_like(copies.of)
        return deal(copies, strata[copies.first], number)[copies.of]

    def _strata(self, rows: pd.DataFrame, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return classes of the target, else its quantiles, 0 to STRATA - 1.

        Keys tell equal numbers apart; copies are in the quantile of the first of them.
        """
        if not is_numeric_dtype(rows[self.by]):
            return np.asarray(pd.factorize(rows[self.by], sort=True)[0], dtype=np.int64)
        ranks: NDArray[np.int64] = np.empty(len(rows), dtype=np.int64)
        ranks[np.lexsort((keys, rows[self.by].to_numpy()))] = np.arange(len(rows))
        firsts = pd.Series(ranks).groupby(keys).transform("min").to_numpy()
        strata: NDArray[np.int64] = firsts * STRATA // len(rows)
        return strata

    def _rank_in_stratum(self, rows: pd.DataFrame, salt: Salt) -> NDArray[np.float64]:
        """Rank each row's key among those of its quantile, from 0 to below 1, copies equally."""
        keys = self._keys(rows, salt)
        strata = pd.Series(keys).groupby(self._strata(rows, keys))
        ranks: NDArray[np.float64] = ((strata.rank() - 1) / strata.transform("size")).to_numpy()
        return ranks

    def _group_folds(self, groups: pd.Series, number: int) -> NDArray[np.int64]:
        if groups.nunique() < number:
            msg = "conf/pipeline.yaml: split.folds must not exceed the number of groups"
            detail = f"got {number} folds for {groups.nunique()} groups of {self.by!r}"
            raise JobError(f"{msg}, {detail}.", "Use fewer folds, or another split.by.")
        assigned = np.empty(len(groups), dtype=np.int64)
        splitter = GroupKFold(number, shuffle=True, random_state=self.seed)
        for fold, (_, rows) in enumerate(splitter.split(groups, groups=groups.astype(str))):
            assigned[rows] = fold
        return assigned


def _time_rank(times: pd.Series) -> NDArray[np.float64]:
    """Count earlier rows; equal times share a rank, so no boundary cuts through them.

    Raises:
        JobError: A row has no time, so that it stands nowhere.
    """
    missing = int(times.isna().sum())
    if missing:
        msg = f"conf/pipeline.yaml: split.by {times.name!r} must have a value in every row"
        raise JobError(
            f"{msg}, got {missing} without.",
            f"Leave these rows out: `WHERE {times.name} IS NOT NULL`, or in the files.",
        )
    ranks: NDArray[np.float64] = times.rank(method="min").to_numpy() - 1
    return ranks


def _check_sizes(assigned: NDArray[np.int64], keys: NDArray[np.uint64], number: int) -> None:
    """Require two different rows in each fold: R2 of copies of one row is undefined."""
    different = pd.DataFrame({"fold": assigned, "key": keys}).drop_duplicates()["fold"]
    sizes = np.bincount(different[different >= 0], minlength=number)
    if (sizes < 2).any():
        msg = "conf/pipeline.yaml: split.folds must leave two different rows in every fold"
        few = "" if len(different) == len(keys) else f", of which {len(different)} differ"
        detail = f"got {number} folds for {len(assigned)} training rows{few}"
        raise JobError(f"{msg}, {detail}.", "Use fewer folds, or a query with more rows.")
