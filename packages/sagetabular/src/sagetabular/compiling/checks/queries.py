"""The query, checked before any job starts: what Athena would refuse of its text alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingestion.query import Query, fill_table, without_end

if TYPE_CHECKING:
    from sagetabular.settings import ProjectSettings

_RENAME = "Rename it here and in the file, or in the query with AS; or read files: `source: s3`."


def check_query_of(settings: ProjectSettings) -> None:
    """Accept or refuse the query of a project that reads tables.

    Raises:
        UserError: It does not parse, or Athena would refuse it, or a column's name.
    """
    data = settings.pipeline.data
    if not data.reads_tables:
        return
    # sqlglot takes a third of a second to import, so only who compiles pays for it.
    from sagetabular.jobs.athena_sql.checking import check_query
    from sagetabular.jobs.athena_sql.names import check_column_name
    from sagetabular.jobs.athena_sql.refusals import RefusalError

    text = (settings.root / data.query).read_text(encoding="utf-8-sig")
    query = Query(without_end(text), data.query, data.parameters)
    try:
        filled = fill_table(query, data.table_name[1])
        check_query(filled.text, data.query, data.parameters, data.columns)
        for name in data.columns:
            check_column_name(name, _RENAME)
    except RefusalError as refusal:
        raise UserError(
            f"conf/pipeline.yaml: data.columns: {refusal.rule}", refusal.remedy
        ) from None
    except JobError as error:
        raise UserError(error.message, error.remedy) from error
