"""What became of the rows and columns that were read: nothing goes without a word."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from sagetabular.jobs.rows.splitting import content_keys
from sagetabular.jobs.scoring.targets import classes_of
from sagetabular.jobs.tables import FOLD
from sagetabular.printing import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

# What hardly repeats in a table of so few rows may do so in a longer one.
FEW = 20
# As many of a column as the template's models tell apart: the most frequent ones.
ENCODED = 255


def account(
    table: pd.DataFrame,
    cleaned: pd.DataFrame,
    rows: pd.DataFrame,
    training: pd.DataFrame,
    test: pd.DataFrame,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what a reader asks first, as JSON can hold it.

    Args:
        table: The rows read.
        cleaned: The same rows, with the declared columns alone.
        rows: Those of them that count.
        training: The training rows, with the column `FOLD`.
        test: The test rows.
        settings: What `conf/pipeline.yaml` says: columns, drop, unasked, duplicates.

    Returns:
        `rows_read` = `training_rows` + `test_rows` + `duplicates_removed`. Of `repeated_rows` there
        are equal ones before them. `columns_left_out` and `columns_absent` are those that no model
        sees, and optional ones that the data lack. `notes` are sentences for what nobody asked for.
        `fingerprint` changes with any value of any row. For classes there are `classes` and
        `class_rows`.
    """
    repeated = int(cleaned.duplicated().sum())
    sizes = training.loc[training[FOLD] >= 0, FOLD].value_counts().sort_index()
    undeclared = [str(name) for name in table if name not in settings["columns"]]
    unasked = [name for name in settings["unasked"] if name in cleaned]
    return {
        "rows_read": len(table),
        "repeated_rows": repeated,
        "duplicates_removed": len(cleaned) - len(rows),
        "training_rows": len(training),
        "test_rows": len(test),
        "fold_rows": [int(size) for size in sizes],
        **_classes(rows, settings),
        "columns_left_out": [*undeclared, *(name for name in settings["drop"] if name in cleaned)],
        "columns_absent": [name for name in settings["columns"] if name not in table],
        "missing_values": {name: int(count) for name, count in rows.isna().sum().items() if count},
        "notes": [
            *about_rows(repeated, len(table), settings["duplicates"]),
            *about_columns(unasked, undeclared),
            *about_categories(_categories(rows, settings)),
        ],
        "fingerprint": hashlib.sha256(np.sort(content_keys(rows)).tobytes()).hexdigest(),
    }


def _classes(rows: pd.DataFrame, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the classes in their order, and how many rows each has; nothing for regression."""
    if settings.get("task", "regression") == "regression":
        return {}
    target = rows[settings["target"]]
    classes, counts = classes_of(target, settings.get("positive")), target.value_counts()
    return {"classes": classes, "class_rows": {name: int(counts[name]) for name in classes}}


def _categories(rows: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return the columns of categories that a model will see."""
    kinds = {name: column["type"] for name, column in settings["columns"].items()}
    seen = [name for name in rows if name not in settings["drop"]]
    return rows[[name for name in seen if kinds[name] == "category"]]


def about_rows(repeated: int, read: int, duplicates: str) -> Iterator[str]:
    """Yield a sentence if rows repeat another one, with what `data.duplicates` makes of them."""
    if repeated and duplicates == "remove":
        yield f"{repeated:,} of {read:,} rows repeat another one and are removed (data.duplicates)."
    elif repeated:
        yield (
            f"{repeated:,} of {read:,} rows repeat another one: they are kept, copies in one fold "
            "(data.duplicates)."
        )


def about_columns(unasked: Sequence[str], undeclared: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for times that no model sees, and one for undeclared columns."""
    if unasked:
        yield (
            f"No model sees {listed(unasked)}: a time is no feature. Name it in data.drop, or make "
            "numbers of it in the query."
        )
    if undeclared:
        yield f"No model sees {listed(undeclared)}: not declared in data.columns."


def about_categories(categories: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each column of categories that hardly repeat, or are very many.

    Args:
        categories: Columns of text that a model will see, None where missing.
    """
    for name, values in categories.items():
        present = values.dropna()
        count = int(present.nunique())
        if count > FEW and count > len(present) / 2:
            yield f"{name}: {count:,} categories in {len(present):,} rows; drop it (data.drop)."
        elif count > ENCODED:
            yield f"{name}: {count:,} categories; the template's models encode {ENCODED} of them."
