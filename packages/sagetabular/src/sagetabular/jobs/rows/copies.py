"""Rows that are equal: which they are, and folds in which they stay together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Copies:
    """The different rows of a table, in the order of their keys.

    Attributes:
        first: Position of one row of each, shape (different rows,).
        of: Number of the different row that each row is a copy of, shape (rows,).
        counts: How many rows there are of each, shape (different rows,).
    """

    first: NDArray[np.int64]
    of: NDArray[np.int64]
    counts: NDArray[np.int64]


def numbered(keys: NDArray[np.uint64]) -> Copies:
    """Find the different rows by their keys, shape (rows,), that equal rows share."""
    _, first, of, counts = np.unique(keys, True, True, True)
    return Copies(first, of.reshape(-1), counts)


def deal(copies: Copies, strata: NDArray[np.int64], number: int) -> NDArray[np.int64]:
    """Deal different rows to folds, stratum by stratum, the most frequent first.

    In each round every fold gets one of them, the fold with the fewest rows the most frequent. So
    the folds have equally many different rows, and differ in rows by the copies of one row at most.
    Without copies, the rows are dealt in the order of their keys.

    Args:
        copies: The different rows.
        strata: Of each of them, shape (different rows,).
        number: How many folds.

    Returns:
        The fold of each different row, shape (different rows,), int64.
    """
    places = np.arange(len(strata))
    order = np.lexsort((places, -copies.counts, strata))
    folds: NDArray[np.int64] = np.empty(len(strata), dtype=np.int64)
    folds[order] = places % number
    if len(copies.of) > len(copies.counts):
        filled = np.zeros(number, dtype=np.int64)
        for start in range(0, len(order), number):
            dealt = order[start : start + number]
            dealt = dealt[np.argsort(-copies.counts[dealt], kind="stable")]
            emptiest = np.argsort(filled, kind="stable")[: len(dealt)]
            folds[dealt] = emptiest
            filled[emptiest] += copies.counts[dealt]
    return folds
