"""Check of the query, and of the types that are declared, on the rows that are here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sagetabular.assets.collecting import preprocess_settings
from sagetabular.doctor.findings import ok, unknown
from sagetabular.errors import UserError
from sagetabular.jobs.errors import JobError
from sagetabular.local.data import has_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from sagetabular.doctor.findings import Finding
    from sagetabular.project import Project


def query(project: Project) -> Iterator[Finding]:
    """Run the query on the local lake, and cast its rows as Preprocess does; nothing is written."""
    data = project.settings.pipeline.data
    if not data.reads_tables:
        return
    if not has_data(project):
        yield unknown(f"{data.query} cannot be tried: no rows are here.", "Fill the lake first.")
        return
    try:
        rows = _rows(project)
        if data.source == "athena":
            _check_types(project, rows)
    except JobError as error:
        raise UserError(error.message, error.remedy) from error
    yield ok(f"{data.query} gives {rows.num_rows:,} rows, and its columns are as they are declared")


def _rows(project: Project) -> pa.Table:
    """Return what the query gives.

    Raises:
        JobError: The lake refuses it, or it gives no rows.
    """
    from sagetabular.jobs.ingestion.lake import LakeReader
    from sagetabular.jobs.ingestion.query import Query, fill_table, without_end
    from sagetabular.jobs.ingestion.rows import with_lower_names

    data = project.settings.pipeline.data
    database, table = data.table_name
    text = without_end((project.root / data.query).read_text(encoding="utf-8-sig"))
    query = fill_table(Query(text, data.query, data.parameters), table)
    rows = LakeReader(project.lake, database, table).read(query)
    if rows.num_rows == 0:
        msg = f"{data.query} returned no rows from {database}.{table}."
        raise JobError(msg, "Loosen its WHERE clause, or add rows to the table.")
    return with_lower_names(rows, f"{data.query} returns", "Give one another name with AS.")


def _check_types(project: Project, rows: pa.Table) -> None:
    """Cast the rows as Preprocess does.

    Raises:
        JobError: A column is missing, or is of another type than declared, or the task has other
            classes.
    """
    from sagetabular.jobs.rows.cleaning import clean
    from sagetabular.jobs.rows.weighting import check_rows, task_of

    settings = json.loads(preprocess_settings(project.settings.pipeline))
    table = rows.to_pandas(integer_object_nulls=True)
    marks, task = settings.get("missing", ()), task_of(settings)
    check_rows(clean(table, settings["columns"], settings["target"], marks, task), settings)
