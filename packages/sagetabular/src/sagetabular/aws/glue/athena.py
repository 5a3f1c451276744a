"""A table of the local lake, as Athena is to have it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sagetabular.aws.glue.partitioning import parts_of
from sagetabular.aws.glue.table import GlueTable
from sagetabular.errors import UserError
from sagetabular.lake.store import read_table, source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from sagetabular.aws.glue.partitioning import Part
    from sagetabular.lake.store import TableSource


@dataclass(frozen=True)
class Laid:
    """A table for Athena, and the rows of its partitions; none if it is one file."""

    table: GlueTable
    parts: tuple[Part, ...]


def athena_table(
    lake: Path, database: str, name: str, home: str, partition_by: Sequence[str] = ()
) -> Laid:
    """Describe a table of the lake.

    Its location holds a hash of the content and its partitioning: with another one it is another
    location, so that no file of one is ever read as part of the other.

    Args:
        lake: The local lake.
        database: The table's database.
        name: The table's name.
        home: S3 URI, ending with a slash, below which all its contents are.
        partition_by: Columns whose values become folders.

    Raises:
        UserError: The lake does not have the table, or Athena cannot.
    """
    table = read_table(lake, database, name)
    origin = source(lake, database, name)
    if origin is None:
        msg = f"The local lake does not know where {database}.{name} is from."
        raise UserError(msg, "Add it again: pipeline data add FILE, or pipeline data sample.")
    label, location = f"{database}.{name}", f"{home}{_content(origin, partition_by)[:16]}/"
    parts = parts_of(table, partition_by, label) if partition_by else ()
    columns = athena_columns(table, label)
    keys = {column.lower(): columns.pop(column.lower()) for column in partition_by}
    described = GlueTable(
        database=database.lower(),
        name=name.lower(),
        columns=columns,
        location=location,
        home=home,
        description=f"{origin.title}: {origin.rows:,} rows"[:2048],
        parameters={"sha256": origin.sha256},
        partition_keys=keys,
        partitions={part.values: f"{location}{part.folder}" for part in parts},
    )
    return Laid(described, parts)


def _content(origin: TableSource, partition_by: Sequence[str]) -> str:
    """Return a hash of what lies below a location."""
    if not partition_by:
        return origin.sha256
    return hashlib.sha256("/".join([origin.sha256, *partition_by]).encode()).hexdigest()


def athena_columns(table: pa.Table, label: str) -> dict[str, str]:
    """Return column → Athena's type, in order; Athena folds names to lower case.

    Args:
        table: The table, with any number of rows.
        label: What to call it in errors.

    Raises:
        UserError: Two names differ in case alone, or a column has no type that Athena knows.
    """
    found: dict[str, str] = {}
    for name in table.column_names:
        if name.lower() in found:
            msg = f"{label}: two columns are {name.lower()} to Athena, which ignores case."
            raise UserError(msg, "Rename one of them in the files, and add the table again.")
        found[name.lower()] = _athena_type(table, name, label)
    return found


def _athena_type(table: pa.Table, name: str, label: str) -> str:
    import awswrangler  # takes half a second

    column = table.select([name]).slice(0, 0).to_pandas(types_mapper=pd.ArrowDtype)
    try:
        types, _ = awswrangler.catalog.extract_athena_types(column)
    except (
        awswrangler.exceptions.UndetectedType,
        awswrangler.exceptions.UnsupportedType,
    ) as err:
        msg = f"{label}: column {name} must have a type that Athena knows, got {table[name].type}."
        remedy = "Give it values or another type in the files, and add the table again."
        raise UserError(msg, remedy) from err
    return str(types[name])
