"""A small lake, and the arguments of a job that reads it."""

from __future__ import annotations

import pandas as pd

HOUSES = pd.DataFrame(
    {
        "city": ["Oakland", "Fresno", "Oakland", "Eureka"],
        "rooms": [10, 4, 6, 2],
        "price": [3.5, 1.0, 2.5, None],
        "sold": pd.to_datetime(["2026-01-31", "2026-02-01", "2026-02-28", "2025-12-31"]),
        'a "größe" b': [1, 2, 3, 4],
    }
)
PRICES = pd.DataFrame({"city": ["Oakland", "Fresno"], "index": [1.5, 0.5]})
ARGUMENTS = ["--database", "housing", "--table", "houses", "--workgroup", "w", "--version", "7"]
