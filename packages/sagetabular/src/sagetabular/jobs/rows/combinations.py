"""Sums, differences and products of columns that the target is, found by a sparse linear fit.

That several columns together explain the target is what models are for. So only those count whose
weights are equal but for their sign, and that explain all but a hundredth.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from sklearn.linear_model import orthogonal_mp_gram

from sagetabular.jobs.rows.evidence import numbers_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sagetabular.jobs.rows.evidence import Question

# Share above which a combination is an identity rather than a good guess.
IDENTICAL = 0.99
# Longest sum, rows that weights are estimated on, and classes that are looked at.
_TERMS, _ROWS, _CLASSES = 20, 5_000, 10
# How far weights may differ, and how much of the goal's deviation a term must move.
_UNEQUAL, _FELT = 0.25, 0.005
# Squared correlation below which a combination is not worth asking about: a step that it decides,
# such as who has won by the goals of both, is far from a line.
_LINEAR = 0.25
# Squared correlation of a copy, beside which nothing is left to explain.
_COPY = 0.9999


@dataclass(frozen=True)
class Combination:
    """Columns, a formula of them such as `casual + registered`, and what it explains."""

    columns: tuple[str, ...]
    formula: str
    share: float


def find_combinations(features: pd.DataFrame, question: Question) -> Iterator[Combination]:
    """Yield the sums and products that give the target away, no column twice.

    Args:
        features: Of which the numbers are looked at; shape (rows, columns).
        question: The target, and which rows are asked.
    """
    numbers = [name for name in features if is_numeric_dtype(features[name])]
    columns = {str(name): numbers_of(features[name]) for name in numbers}
    table = pd.DataFrame(columns, index=range(len(features)))
    known = question.rounds[0][0][:_ROWS]
    for search in _searches(question):
        left = search.usable(table, known)
        while (found := search.best(left, known)) is not None:
            yield found
            left, table = (
                part.drop(columns=list(found.columns), errors="ignore") for part in (left, table)
            )


@dataclass(frozen=True)
class _Search:
    """A goal that a combination is sought for: numbers, their logarithms, or who is of a class."""

    goal: NDArray[np.float64]
    question: Question
    products: bool = False

    def usable(self, table: pd.DataFrame, known: NDArray[np.int64]) -> pd.DataFrame:
        """Return the columns that vary and are no copies of the goal, as the search needs them."""
        if self.products:
            table = table.where(table > 0).apply(np.log)
        goal, part = pd.Series(self.goal[known]), table.iloc[known].reset_index(drop=True)
        enough = part.notna().mean() > 0.5
        deviation = part.std()
        with np.errstate(invalid="ignore", divide="ignore"):
            copies = part.corrwith(goal) ** 2 > _COPY
        usable = enough & (deviation > 0) & np.isfinite(deviation) & ~copies
        return table[list(usable.index[usable])]

    def best(self, table: pd.DataFrame, known: NDArray[np.int64]) -> Combination | None:
        """Return the combination that explains most, the shortest of equal ones."""
        best, tried, told = None, set(), table.iloc[known]
        order = _order(told, self.goal[known])
        for size in range(2, len(order) + 1):
            taken = {*order[:size]}
            part = told[[name for name in told if name in taken]]
            signs = _signs(part, self.goal[known])
            if not signs or (key := frozenset(signs.items())) in tried:
                continue
            tried.add(key)
            share = self._share(table[list(signs)] @ pd.Series(signs))
            if share > (best.share + 1e-6 if best else IDENTICAL):
                best = Combination(tuple(signs), self._formula(signs), share)
        return best

    def _formula(self, signs: dict[str, float]) -> str:
        plus, minus = ([name for name in signs if signs[name] == sign] for sign in (1, -1))
        if self.products:
            return " / ".join([" * ".join(plus) or "1", *minus])
        if not plus or (self.question.classes and next(iter(signs)) in minus):
            plus, minus = minus, plus  # of a class either way tells as much
        return " - ".join([" + ".join(plus), *minus])

    def _share(self, combined: pd.Series) -> float:
        """Return what a combination explains of the asked rows in which it has no gap."""
        if self.question.classes:
            return self.question.share(combined)
        values, guesses, rows = combined.to_numpy(), [], []
        for known, asked in self.question.rounds:
            told, open_ = (part[np.isfinite((values + self.goal)[part])] for part in (known, asked))
            open_ = asked[np.isfinite(values[asked])]
            if len(told) < 3 or len(open_) < 0.1 * len(asked):
                return 0.0
            guesses.append(self._line(values[told], self.goal[told], values[open_]))
            rows.append(open_)
        return self.question.share_of(guesses, rows)

    def _line(
        self, known: NDArray[np.float64], goal: NDArray[np.float64], asked: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the target on the line through the known points, for a product of slope 1."""
        if self.products:
            return np.asarray(np.exp(asked + np.mean(goal - known)))
        slope, offset = np.polyfit(known, goal, 1)
        return np.asarray(slope * asked + offset)


def _searches(question: Question) -> Iterator[_Search]:
    """Yield what combinations are sought for."""
    truth = question.truth
    if not question.classes:
        yield _Search(truth.astype(np.float64), question)
        if (truth > 0).mean() > 0.5:
            with np.errstate(invalid="ignore", divide="ignore"):
                yield _Search(np.where(truth > 0, np.log(truth), np.nan), question, products=True)
        return
    labels = pd.to_numeric(pd.Series(question.classes), errors="coerce")
    if labels.notna().all():
        yield _Search(labels.to_numpy(np.float64)[truth], question)
    common = np.argsort(-np.bincount(truth), kind="stable")[:_CLASSES]
    for code in common[:1] if len(question.classes) == 2 else common:
        yield _Search((truth == code).astype(np.float64), question)


def _order(table: pd.DataFrame, goal: NDArray[np.float64]) -> list[str]:
    """Return the columns as orthogonal matching pursuit takes them up, gaps as means."""
    if len(table.columns) < 2:
        return []
    told = np.isfinite(goal)
    part = table.to_numpy()[told]
    scaled = np.nan_to_num((part - np.nanmean(part, axis=0)) / np.nanstd(part, axis=0))
    centred = goal[told] - goal[told].mean()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nothing is left to explain
        path = orthogonal_mp_gram(
            scaled.T @ scaled,
            scaled.T @ centred,
            n_nonzero_coefs=min(_TERMS, scaled.shape[1]),
            return_path=True,
        )
    used = path.reshape(scaled.shape[1], -1) != 0
    if not used.any():  # no column has anything to do with the goal
        return []
    taken, entered = np.flatnonzero(used.any(axis=1)), np.argmax(used, axis=1)
    return [str(table.columns[index]) for index in taken[np.argsort(entered[taken])]]


def _signs(table: pd.DataFrame, goal: NDArray[np.float64]) -> dict[str, float]:
    """Return column → 1 or -1 in a fit of equal weights that explains something; else nothing."""
    values = np.column_stack([table.to_numpy(), goal])
    values = values[np.isfinite(values).all(axis=1)]
    if len(values) < 2 * values.shape[1] or not (deviation := values.std(axis=0)).all():
        return {}
    correlations = np.corrcoef(values, rowvar=False)
    among, toward = correlations[:-1, :-1], correlations[:-1, -1]
    effects = np.linalg.lstsq(among, toward, rcond=None)[0]
    felt = np.flatnonzero(np.abs(effects) > _FELT)
    weights = effects[felt] / deviation[felt]
    if len(felt) < 2 or (np.abs(np.abs(weights) / np.median(np.abs(weights)) - 1) > _UNEQUAL).any():
        return {}
    moved = np.sign(weights) * deviation[felt]
    if (moved @ toward[felt]) ** 2 < _LINEAR * (moved @ among[np.ix_(felt, felt)] @ moved):
        return {}
    return dict(zip(table.columns[felt].astype(str), np.sign(weights).tolist(), strict=True))
