"""Output of Ingest, wherever the rows come from: one Parquet file with plain types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as arrow_types

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.runner import base_dir

if TYPE_CHECKING:
    from collections.abc import Sequence


def write_rows(rows: pa.Table, version: str) -> None:
    """Write the rows to `processing/output/data/data.parquet`, all at once, and say how many.

    Exact decimals become floating-point numbers, points in time whole microseconds: how fine they
    are kept differs between Athena, DuckDB and files, and must not show in what is made of them.

    Args:
        rows: All rows, their names in lower case.
        version: The data version that the job was given.
    """
    schema = pa.schema([field.with_type(_plain(field.type)) for field in rows.schema])
    path = base_dir() / "processing/output/data/data.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    # Unsafe only in that it may drop what is finer than a microsecond.
    pq.write_table(rows.replace_schema_metadata().cast(schema, safe=False), draft)
    draft.replace(path)
    print(
        f"{rows.num_rows:,} rows, {rows.num_columns} columns (data version: {version})", flush=True
    )


def with_lower_names(rows: pa.Table, origin: str, remedy: str) -> pa.Table:
    """Return rows with their column names in lower case, as Athena compares them.

    Args:
        rows: The rows.
        origin: What they were read from, to begin an error with.
        remedy: What to do about two columns of one name.

    Raises:
        JobError: If two columns have the same name.
    """
    names = [name.lower() for name in rows.column_names]
    refuse_twice(names, origin, remedy)
    return rows.rename_columns(names)


def refuse_twice(names: Sequence[str], origin: str, remedy: str) -> None:
    """Refuse column names that stand twice.

    Raises:
        JobError: If one does; `origin` and `remedy` say where, and what to do about it.
    """
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise JobError(f"{origin} the column {twice[0]!r} {names.count(twice[0])} times.", remedy)


def _plain(kind: pa.DataType) -> pa.DataType:
    if arrow_types.is_decimal(kind):
        return pa.float64()
    if arrow_types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if arrow_types.is_dictionary(kind):
        return kind.value_type
    return kind
