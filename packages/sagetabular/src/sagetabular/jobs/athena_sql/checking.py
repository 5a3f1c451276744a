"""Check a query as far as that is possible, and say it in DuckDB's SQL for the local lake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.jobs.athena_sql.annotating import annotate
from sagetabular.jobs.athena_sql.grammar import check_grammar
from sagetabular.jobs.athena_sql.in_duckdb.macros import define
from sagetabular.jobs.athena_sql.in_duckdb.rewriting import check_known, to_duckdb
from sagetabular.jobs.athena_sql.names import check_names
from sagetabular.jobs.athena_sql.parsing import parse_query
from sagetabular.jobs.athena_sql.refusals import RefusalError
from sagetabular.jobs.athena_sql.results import check_results

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sagetabular.jobs.athena_sql.parsing import Parsed


def check_query(text: str, file: str, values: Mapping[str, Any], columns: Iterable[str]) -> None:
    """Refuse what Athena would, as far as the query alone shows it: no table is known.

    Args:
        text: The query, with a table in the place of `${table}`.
        file: What to call it in errors.
        values: The values of its `:name`.
        columns: Columns that are declared.

    Raises:
        JobError: In two lines, with file and line.
    """
    parsed = parse_query(text, file, values)
    try:
        check_grammar(parsed)
        check_names(parsed, columns)
        check_results(annotate(parsed, None, ""))
    except RefusalError as refusal:
        raise refusal.as_error(parsed.file) from refusal


def in_duckdb(
    parsed: Parsed, schema: Mapping[str, Mapping[str, Any]], database: str, now: datetime
) -> tuple[str, list[str]]:
    """Return a query in DuckDB's SQL, and the statements that make the macros it calls.

    Args:
        parsed: The query.
        schema: Database → table → column → its type, of what the query reads.
        database: Where tables named without a database are.
        now: What `now()` says, in UTC.

    Raises:
        JobError: Athena refuses it, or the local lake cannot answer it as Athena does.
    """
    columns = [name for tables in schema.values() for table in tables.values() for name in table]
    try:
        check_grammar(parsed)
        check_known(parsed.tree)
        check_names(parsed, columns)
        tree = annotate(parsed, schema, database)
        check_results(tree)
        sql = to_duckdb(tree, now)
    except RefusalError as refusal:
        raise refusal.as_error(parsed.file) from refusal
    return sql, define(sql)
