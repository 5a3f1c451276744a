"""What a table of the local lake is, beside what `conf/pipeline.yaml` declares.

Declared is what the query returns. So a table need not have what the query makes, nor hold the
declared type where the query makes another column of the same name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from sagetabular.errors import UserError
from sagetabular.jobs.rows.account import about_categories, about_columns, about_rows
from sagetabular.lake.add import read_files
from sagetabular.printing import listed
from sagetabular.reading.names import DeclaredColumn, did_you_mean
from sagetabular.settings.data_checks import unasked_times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from sagetabular.project import Project
    from sagetabular.reading.tables import Added

_TABLE = "${table}"


def made_by_query(project: Project) -> frozenset[str]:
    """Return the columns that the project's query makes, in lower case; none without a query.

    A query that does not parse makes none: what is wrong with it is said where it runs.
    """
    data = project.settings.pipeline.data
    if not data.reads_tables:
        return frozenset()
    return made_columns((project.root / data.query).read_text(encoding="utf-8-sig"))


def declared_columns(project: Project, *, wanted: bool = True) -> list[DeclaredColumn]:
    """Return the columns of `conf/pipeline.yaml` that are not made by the query.

    Args:
        project: The project.
        wanted: Whether a table must have those that are not optional.
    """
    made = made_by_query(project)
    return [
        DeclaredColumn(
            name,
            column.type,
            required=wanted and not column.optional,
            format=column.format,
            unit=column.unit,
        )
        for name, column in project.settings.pipeline.data.columns.items()
        if name not in made
    ]


def read_declared(files: Sequence[Path], project: Project, *, wanted: bool) -> Added:
    """Read files; a query can still make some of the columns that they lack, but not all of them.

    Args:
        files: CSV, Excel or Parquet files, written as `data.files` says.
        project: The project.
        wanted: Whether they are what the project learns from.

    Raises:
        UserError: A file is no table, or none of what the project learns from.
    """
    data = project.settings.pipeline.data
    marks, dialect = data.missing, data.files.dialect
    try:
        return read_files(files, declared_columns(project, wanted=wanted), marks, dialect)
    except UserError:
        if not wanted or not data.reads_tables:
            raise
        added = read_files(files, declared_columns(project, wanted=False), marks, dialect)
        required = {column.name for column in declared_columns(project) if column.required}
        if required.isdisjoint(added.table.column_names):
            raise
        return added


def lacks(project: Project, names: Sequence[str]) -> list[str]:
    """Return a warning in two lines if neither a table nor the query has required columns.

    Args:
        project: The project.
        names: The table's columns.
    """
    columns = [column.name for column in declared_columns(project) if column.required]
    missing = [name for name in columns if name not in names]
    if not missing:
        return []
    hints = listed([f"{name}{did_you_mean(name, names)}" for name in missing])
    query = project.settings.pipeline.data.query
    return [
        f"Warning: the table and {query} lack declared columns: {hints}.",
        f"Rename columns of the file, correct data.columns in conf/pipeline.yaml, or make them in "
        f"{query}: … AS {missing[0]}.",
    ]


def made_columns(query: str) -> frozenset[str]:
    """Return the names, in lower case, that a query gives to anything but a column of this name."""
    try:
        parsed = sqlglot.parse(query.replace(_TABLE, '"t"'), read="athena")
    except SqlglotError:
        return frozenset()
    return frozenset(
        name.lower() for statement in parsed if statement for name in _names(statement)
    )


def _names(statement: exp.Expr) -> Iterator[str]:
    for alias in statement.find_all(exp.Alias):
        same = isinstance(alias.this, exp.Column) and alias.this.name.lower() == alias.alias.lower()
        if not same:
            yield alias.alias
    for named in statement.find_all(exp.TableAlias):
        yield from (column.name for column in named.columns)


def notes_of(project: Project, table: pa.Table) -> list[str]:
    """Return what is to be said of a table before it is learned from: rows, times, categories.

    Args:
        project: The project.
        table: The table, its declared columns converted.
    """
    pipeline, made = project.settings.pipeline, made_by_query(project)
    data = pipeline.data
    declared = [name for name in data.columns if name in table.column_names and name not in made]
    # In what the query makes its columns of, rows may differ.
    compared = table.select(table.column_names if made else declared).to_pandas()
    kept = [name for name in declared if name not in data.drop and name != pipeline.split.by]
    categories = [name for name in kept if data.columns[name].type == "category"]
    times = [name for name in unasked_times(pipeline) if name in declared]
    return [
        *about_rows(int(compared.duplicated().sum()), table.num_rows, data.duplicates),
        *about_columns(times, []),
        *about_categories(table.select(categories).to_pandas()),
    ]
