"""Make one table of the files a user adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from sagetabular.errors import UserError
from sagetabular.lake.columns import ColumnType, DeclaredColumn, listed, match_columns
from sagetabular.lake.files import RawTable, read_file
from sagetabular.lake.values import WHAT_IT_HOLDS, BadValueError, convert, numbers_if_all_are


@dataclass(frozen=True)
class Added:
    """The table made of some files.

    Attributes:
        table: All rows, in the order of the files and of the rows in them.
        renamed: Spelling in the first file → name in the lake, where they differ.
        undeclared: The columns that `conf/pipeline.yaml` does not declare.
    """

    table: pa.Table
    renamed: Mapping[str, str]
    undeclared: list[str]


def read_files(paths: Sequence[Path], declared: Sequence[DeclaredColumn]) -> Added:
    """Read files with the same columns as one table.

    Args:
        paths: CSV or Parquet files, one or more.
        declared: The columns that the project declares.

    Returns:
        The table, its declared columns converted to their types.

    Raises:
        UserError: If a file is no table, lacks required columns, holds values of another type, or
            has other columns than the first.
    """
    raws = [read_file(path) for path in paths]
    parts = [_typed(raw, declared) for raw in raws]
    for path, part in zip(paths[1:], parts[1:], strict=True):
        _require_same_columns(path, part, paths[0], parts[0])
    table = _concatenated(parts)
    known = {column.name for column in declared}
    undeclared = [name for name in table.column_names if name not in known]
    if all(raw.delimiter is not None for raw in raws):
        table = _with_numbers(table, undeclared)
    matched = zip(raws[0].names, parts[0].column_names, strict=True)
    return Added(table, {name: new for name, new in matched if name != new}, undeclared)


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
        return _typed(RawTable(Path(origin), table.column_names, table), declared)
    except UserError as error:
        raise UserError(
            error.message, "Add a table of your own instead: pipeline data add FILE."
        ) from error


def _typed(raw: RawTable, declared: Sequence[DeclaredColumn]) -> pa.Table:
    """Return a file's table with the lake's column names and the declared types."""
    names = match_columns(raw.names, declared, str(raw.path))
    kinds = {column.name: column.type for column in declared}
    columns = []
    for name, written, cells in zip(names, raw.names, raw.table.columns, strict=True):
        try:
            columns.append(convert(cells, kinds[name]) if name in kinds else cells)
        except BadValueError as error:
            raise _bad_value(raw, written, name, kinds[name], error) from error
    return pa.table(columns, names=names)


def _bad_value(
    raw: RawTable, written: str, name: str, kind: ColumnType, error: BadValueError
) -> UserError:
    """Return the error for a cell of another type than the declared one."""
    where = "" if error.row is None else f" at {raw.place(error.row)}"
    return UserError(
        f"{raw.path}: {written} must hold {WHAT_IT_HOLDS[kind]}, got {error.value!r}{where}.",
        "Correct the file (leave missing cells empty), or set the type of "
        f"data.columns.{name} in conf/pipeline.yaml.",
    )


def _require_same_columns(path: Path, part: pa.Table, first_path: Path, first: pa.Table) -> None:
    """Refuse a file whose columns are not those of the first one."""
    lacks = [name for name in first.column_names if name not in part.column_names]
    extra = [name for name in part.column_names if name not in first.column_names]
    if lacks or extra:
        differences = [f"{path} lacks {listed(lacks)}"] if lacks else []
        differences += [f"{first_path} lacks {listed(extra)}"] if extra else []
        raise UserError(
            f"The files must have the same columns: {'; '.join(differences)}.",
            "Give all files the same columns, or add them to different tables with --table.",
        )


def _concatenated(parts: Sequence[pa.Table]) -> pa.Table:
    """Put the parts below each other, in the first one's column order."""
    ordered = [part.select(parts[0].column_names) for part in parts]
    try:
        return pa.concat_tables(ordered, promote_options="permissive")
    except pa.ArrowTypeError as error:
        raise UserError(
            f"The files' columns differ in type: {str(error).splitlines()[0]}",
            "Declare the column in data.columns of conf/pipeline.yaml, or correct the files.",
        ) from error


def _with_numbers(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Turn undeclared text columns of CSV files into numbers where all cells are."""
    for name in names:
        cells = numbers_if_all_are(table[name])
        table = table.set_column(table.column_names.index(name), name, cells)
    return table
