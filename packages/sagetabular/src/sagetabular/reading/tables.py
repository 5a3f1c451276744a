"""One table of several files, with the columns and types that the project declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from sagetabular.printing import listed, shown
from sagetabular.reading.columns import BadValueError, convert, numbers_if_all_are
from sagetabular.reading.diagnosis import no_header, other_notation
from sagetabular.reading.dialect import PLAIN, Dialect
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.files import RawTable, read_file
from sagetabular.reading.names import DeclaredColumn, match_columns, match_names
from sagetabular.reading.times import date_formats
from sagetabular.reading.values import Marks


@dataclass(frozen=True)
class Added:
    """The table made of some files.

    Attributes:
        table: All rows, in the order of the files and of the rows in them.
        renamed: Spelling in the first file → name in the lake, where they differ.
        undeclared: The columns that `conf/pipeline.yaml` does not declare.
        nameless: Number of the first file's columns that are left out, since they have no name.
    """

    table: pa.Table
    renamed: Mapping[str, str]
    undeclared: list[str]
    nameless: int


def read_files(
    files: Mapping[str, Path],
    declared: Sequence[DeclaredColumn],
    marks: Marks,
    dialect: Dialect = PLAIN,
) -> Added:
    """Read files with the same columns as one table.

    Args:
        files: What errors call a file → a CSV, Excel or Parquet file, one or more.
        declared: The columns that the project declares.
        marks: What is missing.
        dialect: How the files are written.

    Returns:
        The table, its declared columns converted to their types.

    Raises:
        ReadingError: If a file is no table, lacks required columns, holds values of another type,
            or has other columns than the first, or if there is no row at all.
    """
    raws = [read_file(path, label, dialect) for label, path in files.items()]
    if not any(raw.table.num_rows for raw in raws):
        rule = "has no rows" if len(raws) == 1 else "have no rows"
        raise ReadingError(f"{listed([*files])} {rule}.", "Add data below the header row.")
    matched = [_names(raw, declared) for raw in raws]
    kinds = {column.name: column for column in declared}
    parts = [
        _typed(raw, own, kinds, marks, dialect) for raw, own in zip(raws, matched, strict=True)
    ]
    for raw, part in zip(raws[1:], parts[1:], strict=True):
        _require_same_columns(raw.label, part, raws[0].label, parts[0])
    table = _concatenated(parts)
    undeclared = [name for name in table.column_names if name not in kinds]
    if all(raw.is_text for raw in raws):
        table = _with_numbers(table, {*undeclared}, marks, dialect)
    renamed = {old: new for old, new in zip(raws[0].names, matched[0], strict=True) if new}
    return Added(
        table,
        {old: new for old, new in renamed.items() if old != new},
        undeclared,
        matched[0].count(""),
    )


def typed_table(
    table: pa.Table, declared: Sequence[DeclaredColumn], marks: Marks, label: str
) -> pa.Table:
    """Return rows that are in no file as a table, if they have what the project declares.

    Raises:
        ReadingError: If required columns are missing or of another type.
    """
    raw = RawTable(label, table.column_names, table)
    kinds = {column.name: column for column in declared}
    return _typed(raw, _names(raw, declared), kinds, marks, PLAIN)


def _names(raw: RawTable, declared: Sequence[DeclaredColumn]) -> list[str]:
    """Return the lake's names of a file's columns; empty for those that have none."""
    wanted = [column.name for column in declared]
    if raw.is_text and wanted and not {*wanted} & {*match_names(raw.names, wanted)}:
        error = no_header(raw.label, raw.names, wanted)
        if error is not None:
            raise error
    return match_columns(raw.names, declared, raw.label)


def _typed(
    raw: RawTable,
    names: Sequence[str],
    kinds: Mapping[str, DeclaredColumn],
    marks: Marks,
    dialect: Dialect,
) -> pa.Table:
    """Return a file's table with the lake's column names and the declared types."""
    columns = {}
    for name, written, cells in zip(names, raw.names, raw.table.columns, strict=True):
        try:
            if name:
                columns[name] = _converted(cells, kinds.get(name), marks, dialect)
        except BadValueError as error:
            raise _bad_value(raw, written, kinds[name], dialect, error) from error
    return pa.table(columns)


def _converted(
    cells: pa.ChunkedArray, column: DeclaredColumn | None, marks: Marks, dialect: Dialect
) -> pa.ChunkedArray:
    if column is None:
        return cells
    return convert(cells, column.type, marks, dialect.notation(column.unit), column.format)


def _bad_value(
    raw: RawTable, written: str, column: DeclaredColumn, dialect: Dialect, error: BadValueError
) -> ReadingError:
    """Return the error for a cell of another type than the declared one."""
    where = "" if error.row is None else f" at {raw.place(error.row)}"
    return ReadingError(
        f"{raw.label}: {written} must hold {error.rule}, got {shown(error.value)}{where}.",
        _other_form(column, dialect, error.value)
        or "Correct the file (leave missing cells empty, or name what means missing in "
        f"data.missing), or set the type of data.columns.{column.name} in conf/pipeline.yaml.",
    )


def _other_form(column: DeclaredColumn, dialect: Dialect, value: object) -> str | None:
    """Return what to do about a value that is only written in another way than is declared."""
    if column.type == "number" and dialect.notation(column.unit).is_plain:
        return other_notation(value)
    if column.type != "time" or column.format is not None or not isinstance(value, str):
        return None
    formats = " or ".join(f'"{form}"' for form in date_formats([value])[:3])
    if not formats:
        return None
    return (
        f"Say its format beside type: time, at data.columns.{column.name} in conf/pipeline.yaml, "
        f"such as format: {formats}."
    )


def _require_same_columns(label: str, part: pa.Table, first_label: str, first: pa.Table) -> None:
    """Refuse a file whose columns are not those of the first one."""
    own, wanted = {*part.column_names}, {*first.column_names}
    lacks = [name for name in first.column_names if name not in own]
    extra = [name for name in part.column_names if name not in wanted]
    if lacks or extra:
        differences = [f"{label} lacks {listed(lacks)}"] if lacks else []
        differences += [f"{first_label} lacks {listed(extra)}"] if extra else []
        raise ReadingError(
            f"The files must have the same columns: {'; '.join(differences)}.",
            "Give all files the same columns, or make different tables of them.",
        )


def _concatenated(parts: Sequence[pa.Table]) -> pa.Table:
    """Put the parts below each other, in the first one's column order."""
    ordered = [part.select(parts[0].column_names) for part in parts]
    try:
        return pa.concat_tables(ordered, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise ReadingError(
            f"The files' columns differ in type: {str(error).splitlines()[0]}",
            "Declare the column in data.columns of conf/pipeline.yaml, or correct the files.",
        ) from error


def _with_numbers(table: pa.Table, names: set[str], marks: Marks, dialect: Dialect) -> pa.Table:
    """Turn undeclared text columns of CSV files into numbers where all cells are."""
    columns = {
        name: numbers_if_all_are(table[name], marks, dialect.notation())
        if name in names
        else table[name]
        for name in table.column_names
    }
    return pa.table(columns)
