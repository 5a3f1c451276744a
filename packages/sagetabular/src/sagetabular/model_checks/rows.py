"""Made-up rows to fit models on: something to learn, with gaps and odd names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sagetabular.jobs.scoring.metrics import Task

# Libraries write names into files and formulas, so the name of a column may hold anything.
TOWN = 'to"wn <b>'
TOWNS = [f"{kind} {number}" for kind in ("<1H", "in[land]", "île") for number in range(5)]
# In an order that no sorting gives, since a project may name any class as the positive one.
CLASSES: Mapping[Task, tuple[str, ...]] = {
    "regression": (),
    "binary": ("to stay", "gone"),
    "multiclass": ("2", "9", "10", "n/a"),
}


def make_rows(
    rows: int = 150, seed: int = 0, task: Task = "regression"
) -> tuple[pd.DataFrame, pd.Series]:
    """Make two columns of numbers and one of categories, some with gaps, and a target.

    Args:
        rows: How many.
        seed: Of the random numbers.
        task: What the target is for; classes have equally many rows.

    Returns:
        The features, shape (rows, 3), and the target, shape (rows,), as jobs hand it to `fit`.
    """
    generator = np.random.default_rng(seed)
    size, rooms = generator.normal(size=rows), generator.uniform(1, 9, size=rows)
    place = generator.integers(len(TOWNS), size=rows)
    signal = size**2 + rooms + 3.0 * (place % 3)
    town = np.asarray(TOWNS, dtype=object)[place]
    size[7::17] = np.nan
    town[5::13] = None
    features = pd.DataFrame({"size": size, TOWN: town, "rooms": rooms})
    return features, _target(signal, CLASSES[task])


def _target(signal: NDArray[np.float64], classes: tuple[str, ...]) -> pd.Series:
    if not classes:
        return pd.Series(signal, name="target")
    ranks = signal.argsort().argsort()
    codes = [int(rank) * len(classes) // len(signal) for rank in ranks]
    names = [classes[code] for code in codes]
    return pd.Series(pd.Categorical(names, categories=[*classes]), name="target")
