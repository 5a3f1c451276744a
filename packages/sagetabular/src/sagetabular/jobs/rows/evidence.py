"""What a column alone tells of the target, asked of rows that the guess was not made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sagetabular.jobs.scoring.metrics import Task

# Preprocess's rows are in the order of their hash, so the first of them are a sample.
_ROWS, _LEAVES = 20_000, 64
# Asked rows that are evidence enough; of smaller folds several are asked in turn.
_ENOUGH = 100
# Single precision, in which trees compare, has no larger numbers.
_LARGEST = 3.4e38


@dataclass(frozen=True)
class Question:
    """A target, and which rows are asked about knowing which others.

    Attributes:
        truth: Numbers, or for classes their positions in `classes`; shape (rows,).
        classes: As text, sorted; empty for numbers.
        commonest: Position of the commonest class.
        rounds: Positions of the rows known and asked.
    """

    truth: NDArray[Any]
    classes: tuple[str, ...]
    commonest: int
    rounds: list[tuple[NDArray[np.int64], NDArray[np.int64]]]

    @property
    def measure(self) -> str:
        """What a share is, in words."""
        return self._measure("R2")

    @property
    def tree_measure(self) -> str:
        """What the share of one column is, in words."""
        return self._measure("R2 of a tree")

    def _measure(self, name: str) -> str:
        folds = "one fold" if len(self.rounds) == 1 else f"{len(self.rounds)} folds"
        if self.classes:
            name = f"errors saved beside always guessing {self.classes[self.commonest]}"
        return f"{name} on {folds}"

    def share(self, values: pd.Series) -> float:
        """Return what a column explains of the asked rows; see `Giveaway.share`."""
        guesses = [self._guess(values, known, asked) for known, asked in self.rounds]
        return self.share_of(guesses, [asked for _, asked in self.rounds])

    def share_of(self, guesses: list[NDArray[np.float64]], rows: list[NDArray[np.int64]]) -> float:
        """Return what guesses for the rows at these positions explain; 0 for no difference."""
        truth, guessed = self.truth[np.concatenate(rows)], np.concatenate(guesses)
        if len(truth) < 2 or np.ptp(truth) == 0:
            return 0.0
        if not self.classes:
            return float(r2_score(truth, guessed))
        errors = np.count_nonzero(truth != self.commonest)
        return 1 - np.count_nonzero(truth != guessed) / errors if errors else 0.0

    def _guess(
        self, values: pd.Series, known: NDArray[np.int64], asked: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return numbers or positions of classes for the asked rows."""
        told, open_ = values.iloc[known], values.iloc[asked]
        truth = self.truth[known]
        if is_numeric_dtype(values):
            return self._tree(numbers_of(told), truth, numbers_of(open_))
        told, open_ = _texts(told), _texts(open_)
        if self.classes:
            commonest = open_.map(_commonest(told, truth))
            return commonest.fillna(self.commonest).to_numpy(np.float64)
        means = pd.Series(truth).groupby(told.to_numpy()).mean()
        return self._tree(told.map(means).to_numpy(), truth, open_.map(means).to_numpy())

    def _tree(
        self,
        known: NDArray[np.float64],
        truth: NDArray[Any],
        asked: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Fit a small tree to one column and return its guesses."""
        kind = DecisionTreeClassifier if self.classes else DecisionTreeRegressor
        tree = kind(max_leaf_nodes=max(_LEAVES, 2 * len(self.classes)), random_state=0)
        tree.fit(known.reshape(-1, 1), truth)
        return np.asarray(tree.predict(asked.reshape(-1, 1)), dtype=np.float64)


def ask(target: pd.Series, task: Task, folds: NDArray[np.int64]) -> Question | None:
    """Return what to ask about a target, None if there is nothing to tell or nobody to learn from.

    The last fold is asked about; if it has less than 100 rows (for classes: of other classes than
    the commonest), the folds before it too, so that a few lucky guesses are no evidence.

    Args:
        target: Shape (rows,), without missing values.
        task: How to read it.
        folds: As `giveaway.find_giveaways` takes them.
    """
    if task == "regression":
        numbers = target.to_numpy(np.float64)
        rounds = list(_rounds(folds, np.ones(len(numbers), dtype=bool)))
        return Question(numbers, (), 0, rounds) if rounds else None
    codes, names = pd.factorize(target.astype(str), sort=True)
    commonest = int(np.bincount(codes, minlength=1).argmax())
    rounds = list(_rounds(folds, codes != commonest))
    return Question(codes, tuple(map(str, names)), commonest, rounds) if rounds else None


def _rounds(
    folds: NDArray[np.int64], evidence: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the positions of known and of asked rows, from the last fold on."""
    ordered, seen = bool((folds == -1).any()), 0
    for fold in sorted({*folds.tolist()} - {-1}, reverse=True):
        is_asked = folds == fold
        known = np.flatnonzero(folds < fold if ordered else ~is_asked)[:_ROWS]
        asked = np.flatnonzero(is_asked)[:_ROWS]
        if len(known):
            yield known, asked
        seen += np.count_nonzero(evidence[asked])
        if seen >= _ENOUGH:
            return


def numbers_of(values: pd.Series) -> NDArray[np.float64]:
    """Return a column of numbers as trees compare them, NaN where missing; shape (rows,)."""
    numbers: NDArray[np.float64] = values.to_numpy(np.float64, na_value=np.nan)
    return np.clip(numbers, -_LARGEST, _LARGEST)


def _texts(values: pd.Series) -> pd.Series:
    """Return categories as text; a missing one is a category too, of no letters."""
    return values.astype(object).where(values.notna(), "").astype(str)


def _commonest(categories: pd.Series, classes: NDArray[Any]) -> pd.Series:
    """Return category → its commonest class."""
    pairs = pd.DataFrame({"category": categories.to_numpy(), "class": classes}).value_counts()
    return pairs.reset_index().drop_duplicates("category").set_index("category")["class"]
