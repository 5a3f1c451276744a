"""Made-up rows, as Preprocess would leave them: float64 with NaN, text or None."""

from __future__ import annotations

import numpy as np
import pandas as pd

# Libraries write names into files and formulas, so the name of a column may hold anything.
TOWN = 'to"wn <b>'
TOWNS = [f"{kind} {number}" for kind in ("<1H", "in[land]", "île") for number in range(5)]
SEED = 11


def make_rows(rows: int = 150, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Make two columns of numbers and one of categories, some with gaps, and a target.

    Args:
        rows: How many.
        seed: Of the random numbers.

    Returns:
        The features, shape (rows, 3), and the target, shape (rows,).
    """
    generator = np.random.default_rng(seed)
    size, rooms = generator.normal(size=rows), generator.uniform(1, 9, size=rows)
    place = generator.integers(len(TOWNS), size=rows)
    target = pd.Series(size**2 + rooms + 3.0 * (place % 3), name="target")
    town = np.asarray(TOWNS, dtype=object)[place]
    size[7::17] = np.nan
    town[5::13] = None
    return pd.DataFrame({"size": size, TOWN: town, "rooms": rooms}), target
