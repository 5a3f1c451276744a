"""Columns that alone, or as a sum, explain nearly all of the target: often known only afterwards.

How much they explain is asked of rows that nothing was fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sagetabular.jobs.rows.combinations import find_combinations
from sagetabular.jobs.rows.evidence import ask
from sagetabular.jobs.rows.splitting import content_keys
from sagetabular.jobs.tables import FOLD

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from sagetabular.jobs.scoring.metrics import Task

# Share above which a column is worth a word.
NEARLY_ALL = 0.95
# More columns would take minutes.
_COLUMNS = 200
# Without folds of the caller's, one in so many rows is asked about.
_FOLDS = 5


@dataclass(frozen=True)
class Giveaway:
    """A column, or several of which a sum or product is the target.

    Attributes:
        columns: Their names.
        share: What they explain, from 0 to 1, on rows that were not fitted to: R2 for numbers; for
            classes the share of those errors that are saved which always guessing the commonest
            class makes (Goodman and Kruskal's lambda, 1954).
        formula: Such as `casual + registered`.
        measure: What the share is, in words.
    """

    columns: tuple[str, ...]
    share: float
    formula: str
    measure: str

    def sentence(self, target: str) -> str:
        """Return what to tell a person, and what to do."""
        if len(self.columns) == 1:
            said, remedy = f"{self.formula} alone explains", "drop it if it is"
        else:
            said, remedy = f"{self.formula} explain", "drop what is"
        return f"{said} {self.share:.0%} of {target} ({self.measure}): {remedy} not known before."


def find_giveaways(
    features: pd.DataFrame,
    target: pd.Series,
    task: Task = "regression",
    folds: NDArray[np.int64] | None = None,
) -> list[Giveaway]:
    """Return the columns that give the target away: single ones, then sums and products.

    A column alone is asked with a small tree, a column of text with its categories' means or
    commonest classes. At most 200 columns and 20,000 rows of a side are looked at.

    Args:
        features: Numbers and text, NaN or None where missing; shape (rows, columns).
        target: Shape (rows,), without missing values: numbers for regression, else classes.
        task: How to read the target.
        folds: The fold of each row, shape (rows,); the last one is asked about. With -1 among them
            each is asked with what lies before it. If None, they are dealt by the rows' content.
    """
    if folds is None:
        keys = content_keys(features.assign(**{"": target.to_numpy()}))
        order = np.argsort(keys, kind="stable")
        features, target = features.iloc[order], target.iloc[order]
        folds = (keys[order] % _FOLDS).astype(np.int64)
    question = ask(target, task, folds)
    if question is None:
        return []
    shares = {name: question.share(features[name]) for name in list(features)[:_COLUMNS]}
    singles = [
        Giveaway((str(name),), share, str(name), question.tree_measure)
        for name, share in shares.items()
        if share > NEARLY_ALL
    ]
    several = [
        Giveaway(found.columns, found.share, found.formula, question.measure)
        for found in find_combinations(features[list(shares)], question)
    ]
    return singles + several


def about_giveaways(
    training: pd.DataFrame, target: str, task: Task = "regression"
) -> Iterator[str]:
    """Yield a sentence for each column, sum and product that gives the target away.

    Args:
        training: What models learn from: features, the target and the column `FOLD`.
        target: Name of the target.
        task: How to read the target.
    """
    features = training.drop(columns=[target, FOLD])
    folds = training[FOLD].to_numpy()
    for giveaway in find_giveaways(features, training[target], task, folds):
        yield giveaway.sentence(target)
