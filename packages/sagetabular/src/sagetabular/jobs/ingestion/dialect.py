"""Understand a query in Athena's SQL, and say it in DuckDB's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError, TokenError, UnsupportedError

from sagetabular.jobs.errors import JobError

if TYPE_CHECKING:
    from sagetabular.jobs.ingestion.query import Query

# Athena's own name for the catalogue that its tables are in.
_CATALOG = "awsdatacatalog"


def parse_query(query: Query) -> exp.Query:
    """Parse one SELECT.

    Args:
        query: The query.

    Raises:
        JobError: If the text does not parse, or is not exactly one SELECT.
    """
    try:
        parsed = sqlglot.parse(query.text, read="athena")
    except SqlglotError as error:
        raise JobError(
            f"{query.file} does not parse: {_reason(error)}.",
            "Correct it; it is read as Athena's SQL.",
        ) from error
    statements = [statement for statement in parsed if statement]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        kinds = [_keyword(statement) for statement in statements]
        raise JobError(
            f"{query.file} must be one SELECT statement, got {', '.join(kinds) or 'none'}.",
            "Leave one SELECT (it may begin with WITH).",
        )
    return statements[0]


def table_names(query: exp.Query, database: str) -> list[tuple[str, str]]:
    """Return database and name of the tables that a query reads.

    Args:
        query: The query.
        database: Where tables named without a database are.
    """
    known = {cte.alias.lower() for cte in query.find_all(exp.CTE)}
    tables = [table for table in query.find_all(exp.Table) if table.name]
    return [
        (table.db or database, table.name)
        for table in tables
        if table.db or table.name.lower() not in known
    ]


def to_duckdb(query: exp.Query, file: str) -> str:
    """Translate a query to DuckDB's SQL.

    Args:
        query: The query.
        file: What to call it in errors.

    Raises:
        JobError: If it asks for something that DuckDB cannot do.
    """
    plain = query.copy()
    for table in plain.find_all(exp.Table):
        if table.catalog.lower() == _CATALOG:
            table.set("catalog", None)
    try:
        return plain.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise JobError(
            f"{file} cannot run on the local lake: {error}",
            "Say it another way, or do it in the table that you add.",
        ) from error


def _reason(error: SqlglotError) -> str:
    """Return a parser's complaint in one line, with its place."""
    if isinstance(error, TokenError) or not isinstance(error, ParseError):
        return "a quote or comment is not closed"
    first = error.errors[0]
    # The end of the text has no words of its own in sqlglot.
    said = first["description"].split(" but got <Token", maxsplit=1)[0]
    return f"line {first['line']}, near {first['highlight']!r}: {said}"


def _keyword(statement: exp.Expr) -> str:
    """Return what kind of statement it is."""
    kind = statement.this if isinstance(statement, exp.Command) else statement.key
    return str(kind).upper()
