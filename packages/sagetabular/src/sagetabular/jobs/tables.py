"""Parquet tables between the jobs: where they lie, and which columns mean what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pyarrow import parquet

from sagetabular.jobs.errors import JobError

if TYPE_CHECKING:
    from pathlib import Path

# Number of the fold in which a training row is validated; -1 = in none.
FOLD = "_fold"
# How much a training row counts while fitting, if not all count equally.
WEIGHT = "_weight"


def read_table(folder: Path, *, whole_numbers: bool = False) -> pd.DataFrame:
    """Read all Parquet files below `folder`, in the order of their names.

    Args:
        folder: Where they are.
        whole_numbers: Whether whole numbers stay so beside nulls, as objects: as a category, 3 is
            not 3.0.

    Raises:
        JobError: There is none.
    """
    files = sorted(folder.rglob("*.parquet"))
    if not files:
        msg = f"The input {folder.name!r} holds no Parquet file."
        raise JobError(msg, "Look at the log of the step before it.")
    return pd.concat([_read_file(file, whole_numbers) for file in files], ignore_index=True)


def _read_file(file: Path, whole_numbers: bool) -> pd.DataFrame:
    """Read one file on one thread: a process that has started more cannot be forked.

    `pandas.read_parquet` would import Arrow's whole data-set machinery, in every trial.
    """
    content = parquet.ParquetFile(file).read(use_threads=False)
    table: pd.DataFrame = content.to_pandas(use_threads=False, integer_object_nulls=whole_numbers)
    return table


def write_table(table: pd.DataFrame, folder: Path, name: str) -> None:
    """Write `table` as `<folder>/<name>.parquet`, making the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    table.to_parquet(folder / f"{name}.parquet", index=False)


def split_columns(table: pd.DataFrame, target: str) -> tuple[pd.DataFrame, pd.Series]:
    """Return the features, shape (rows, features), and the target, shape (rows,)."""
    return table.drop(columns=[target, FOLD, WEIGHT], errors="ignore"), table[target]
