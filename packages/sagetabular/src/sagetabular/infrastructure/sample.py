"""The local lake's table as a file for the lake on AWS: below `sample/`, or for its own folder."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.infrastructure.columns import lake_parameters
from sagetabular.lake.store import PART
from sagetabular.local.data import data_folder

if TYPE_CHECKING:
    import pyarrow as pa

    from sagetabular.project import Project
    from sagetabular.settings.data import Data

FOLDER = "sample"


def sample_of(project: Project) -> tuple[str, bytes]:
    """Return the key of the sample in the data bucket, and its content.

    It has all columns that `conf/pipeline.yaml` declares, in their order, since Athena reads CSV by
    position; an optional one that the table lacks is empty.

    Raises:
        UserError: There is no table yet, or it lacks a column.
    """
    settings = project.settings.pipeline
    parameters = lake_parameters(settings.data, settings.name)
    table = _declared(project)
    if parameters["DataFormat"] == "parquet":
        return f"{FOLDER}/{PART}", _parquet(table, settings.data)
    return f"{FOLDER}/part-0.csv", _csv(table, parameters["Delimiter"])


def _declared(project: Project) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = data_folder(project) / PART
    if not file.is_file():
        msg = "There is no table on this machine yet."
        raise UserError(msg, "Add one with `pipeline data add FILE`, or `pipeline data sample`.")
    table = pq.ParquetFile(file).read()
    columns: dict[str, Any] = {}
    for name, column in project.settings.pipeline.data.columns.items():
        if name in table.column_names:
            columns[name] = table[name]
        elif column.optional:
            columns[name] = pa.nulls(table.num_rows, pa.string())
        else:
            msg = f"The table on this machine lacks the column {name}."
            raise UserError(msg, "Add it again with `pipeline data add FILE`.")
    return pa.table(columns)


def _parquet(table: pa.Table, data: Data) -> bytes:
    """Return Parquet with the types that the Glue table has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"number": pa.float64(), "category": pa.string(), "time": pa.timestamp("ms")}
    schema = pa.schema({name: types[column.type] for name, column in data.columns.items()})
    try:
        typed = table.cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as err:
        msg = f"The table on this machine has a value that is not of its column's type: {err}."
        raise UserError(
            " ".join(msg.split()), "Write times as in 2026-01-31, or add the table again."
        ) from err
    buffer = io.BytesIO()
    pq.write_table(typed, buffer)
    return buffer.getvalue()


def _csv(table: pa.Table, delimiter: str) -> bytes:
    """Return RFC 4180, but for backslashes: Athena's reader of CSV takes one as an escape."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    columns = {
        name: pc.replace_substring(column, "\\", "\\\\")
        if pa.types.is_string(column.type)
        else column
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    buffer = io.BytesIO()
    csv.write_csv(pa.table(columns), buffer, csv.WriteOptions(delimiter=delimiter))
    return buffer.getvalue()
