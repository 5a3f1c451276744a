"""Encoding for models that want numbers alone; public, for a project's `models/<name>/model.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class OneHot:
    """Numbers as they are, then one column of 0 and 1 for each known category.

    Attributes:
        numbers: The columns of numbers, in their order.
        vocabulary: Column of text → its known categories, sorted.
    """

    numbers: list[str]
    vocabulary: dict[str, list[str]]

    @classmethod
    def fit(cls, features: pd.DataFrame, most: int = 255) -> OneHot:
        """Learn the categories of training rows.

        Args:
            features: Shape (rows, columns); numbers as float64, categories as text.
            most: Of a column, so many are told apart: the most frequent. The rest are as unseen.
        """
        texts = features.select_dtypes(exclude="number")
        vocabulary = {str(name): _frequent(texts[name], most) for name in texts}
        return cls([str(name) for name in features if name not in vocabulary], vocabulary)

    def transform(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return the encoded rows, shape (rows, encoded columns).

        Missing numbers are NaN. A category that is missing or was never seen is 0 in all columns.

        Raises:
            ValueError: The rows have other columns than those of `fit`.
        """
        known = {*self.numbers, *self.vocabulary}
        if set(features.columns) != known:
            msg = f"The model was fitted on the columns {sorted(known)}"
            raise ValueError(f"{msg}, got {list(features.columns)}")
        indicators = [
            (features[name] == category).to_numpy(dtype=np.float64)
            for name, categories in self.vocabulary.items()
            for category in categories
        ]
        return np.column_stack([features[self.numbers].to_numpy(dtype=np.float64), *indicators])

    @property
    def sources(self) -> list[str]:
        """The column that each encoded one comes from."""
        texts = [name for name, categories in self.vocabulary.items() for _ in categories]
        return [*self.numbers, *texts]


def _frequent(values: pd.Series, most: int) -> list[str]:
    """Return the most frequent categories, sorted."""
    counts = values.value_counts()
    ordered = sorted(counts.index, key=lambda category: (-counts[category], category))
    return sorted(ordered[:most])


def split_classes(target: pd.Series) -> tuple[list[str], pd.Series]:
    """Return the classes of a target in their order, and the place of each row's among them.

    Args:
        target: Shape (rows,): categories, or numbers, which are returned as they are.
    """
    if isinstance(target.dtype, pd.CategoricalDtype):
        return [str(name) for name in target.cat.categories], target.cat.codes
    return [], target


def as_probabilities(found: NDArray[Any], classes: Sequence[str]) -> NDArray[np.float64]:
    """Return a library's answer in double precision, for classes as probabilities of all of them.

    Args:
        found: Numbers of shape (rows,). For classes, probabilities of shape (rows, classes), which
            in single precision only almost sum to 1, or of shape (rows,) for the second of two.
        classes: Their names; nothing for numbers.
    """
    values = np.asarray(found, dtype=np.float64)
    if classes and values.ndim == 1:
        return np.column_stack([1 - values, values])
    return values / values.sum(axis=1, keepdims=True) if classes else values


def directions(
    named: Mapping[str, int], sources: Sequence[str], numbers: Sequence[str]
) -> tuple[int, ...]:
    """Return a constraint for each encoded column: 1, -1, or 0 for none.

    Args:
        named: Column of numbers → 1 where predictions may not fall with it, -1 not rise.
        sources: The column that each encoded one comes from.
        numbers: Those of them that hold numbers.

    Raises:
        ValueError: A name is no column of numbers, or a direction is another number.
    """
    for name, way in named.items():
        if name not in numbers or way not in (-1, 0, 1):
            msg = (
                f"monotone constraints must give columns of numbers 1 or -1, got {name!r}: {way!r}"
            )
            why = ", which is a category" if name in sources else ", which no model sees"
            raise ValueError(msg if name in numbers else f"{msg}{why}")
    return tuple(named.get(name, 0) for name in sources)
