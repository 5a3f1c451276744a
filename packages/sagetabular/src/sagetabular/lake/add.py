"""Make a table of the lake, of the files that a user adds or of rows that are made up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from sagetabular.errors import UserError
from sagetabular.printing import printable
from sagetabular.reading.dialect import PLAIN, Dialect
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.names import DeclaredColumn
from sagetabular.reading.tables import Added, typed_table
from sagetabular.reading.tables import read_files as read
from sagetabular.reading.values import Marks, make_marks


def read_files(
    paths: Sequence[Path],
    declared: Sequence[DeclaredColumn],
    missing: Iterable[str] = (),
    dialect: Dialect = PLAIN,
) -> Added:
    """Read files with the same columns as one table.

    Args:
        paths: CSV, Excel or Parquet files, one or more.
        declared: The columns that the project declares.
        missing: Further texts for missing values, `data.missing`.
        dialect: How they are written, `data.files`.

    Raises:
        UserError: If they are no table; see `reading.tables.read_files`.
    """
    files = {printable(str(path)): path for path in paths}
    try:
        return read(files, declared, make_marks(missing), dialect)
    except ReadingError as error:
        raise UserError(error.message, error.remedy) from error


def typed_frame(frame: pd.DataFrame, declared: Sequence[DeclaredColumn], origin: str) -> pa.Table:
    """Return rows that are not the user's as a table, if they have what the project declares.

    Args:
        frame: The rows.
        declared: The columns that the project declares.
        origin: What to call the rows in errors.

    Raises:
        UserError: If required columns are missing or of another type.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    try:
        return typed_table(table, declared, Marks(), origin)
    except ReadingError as error:
        remedy = "Add a table of your own instead: pipeline data add FILE."
        raise UserError(error.message, remedy) from error
