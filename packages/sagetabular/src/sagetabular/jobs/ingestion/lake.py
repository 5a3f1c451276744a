"""Athena's stand-in: DuckDB over the local lake's Parquet files, asked in Athena's SQL."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

import duckdb

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingestion.dialect import parse_query, table_names, to_duckdb

if TYPE_CHECKING:
    import pyarrow as pa

    from sagetabular.jobs.ingestion.query import Query

_UNKNOWN_COLUMN = re.compile(
    r'Referenced column "(.*)" not found|does not have a column named "(.*)"$'
)
_GLOB_SIGN = re.compile(r"([*?\[])")
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    # Never look for an extension on the network.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    # As in Athena, 7 / 2 is 3.
    "integer_division": "true",
    # Sums of floats depend on how many threads share them; results must not.
    "threads": "1",
}


@dataclass(frozen=True)
class LakeReader:
    """Reads tables of the local lake.

    Attributes:
        lake: Its root folder: `<database>/<table>/*.parquet`.
        database: Where tables named without a database are.
        table: The table that `conf/pipeline.yaml` names.
    """

    lake: Path
    database: str
    table: str

    def read(self, query: Query) -> pa.Table:
        """Run a query.

        Args:
            query: One SELECT.

        Returns:
            Its rows.

        Raises:
            JobError: If the query does not fit the lake.
        """
        parsed = parse_query(query)
        tables = table_names(parsed, self.database)
        self._require_tables(tables, query.file)
        with closing(duckdb.connect(":memory:", config=_SETTINGS)) as connection:
            self._make_views(connection)
            try:
                # As a relation: the result of `execute` would be copied once more.
                sql = to_duckdb(parsed, query.file)
                rows = connection.sql(sql, params=dict(query.parameters) or None)
                return rows.to_arrow_table()
            except (duckdb.ProgrammingError, duckdb.DataError) as error:
                raise _query_failed(error, connection, tables, query.file) from error

    def tables(self) -> list[tuple[str, str]]:
        """Return database and table of everything in the lake, sorted."""
        folders = {path.parent for path in self.lake.glob("*/*/*.parquet")}
        names = {(folder.parent.name, folder.name) for folder in folders}
        return sorted(name for name in names if not name[1].startswith("."))

    def _require_tables(self, names: list[tuple[str, str]], file: str) -> None:
        """Refuse a query that reads a table which is not there."""
        lake_has = self.tables()
        folded = {(database.lower(), table.lower()) for database, table in lake_has}
        for database, table in names:
            if (database.lower(), table.lower()) in folded:
                continue
            own = (database, table) == (self.database, self.table)
            where = "conf/pipeline.yaml: data.table" if own else f"{file}: the table"
            there = ", ".join(map(".".join, lake_has)) or "no tables"
            raise JobError(
                f"{where} is {database}.{table}, which the local lake does not have.",
                f"It has {there}. Add it with `pipeline data add FILE`, or correct the name.",
            )

    def _make_views(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make every table of the lake a view in a schema named like its database."""
        tables = self.tables()
        for database in {self.database, *(database for database, _ in tables)}:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(database)}")
        for database, table in tables:
            folder = _GLOB_SIGN.sub(r"[\1]", (self.lake / database / table).as_posix())
            files = _literal(f"{folder}/*.parquet")
            view = f"{_quoted(database)}.{_quoted(table)}"
            rows = f"SELECT * FROM read_parquet({files})"  # noqa: S608  (quoted above)
            connection.execute(f"CREATE VIEW {view} AS {rows}")
        connection.execute(f"USE memory.{_quoted(self.database)}")


def _query_failed(
    error: duckdb.Error,
    connection: duckdb.DuckDBPyConnection,
    tables: list[tuple[str, str]],
    file: str,
) -> JobError:
    """Return the error for what DuckDB says about a query of these tables."""
    reason = str(error).split("\n", maxsplit=1)[0]
    column = _UNKNOWN_COLUMN.search(reason)
    if column is None:
        return JobError(
            f"{file} failed: {reason}", "Correct the query; it is read as Athena's SQL."
        )
    name = (column[1] or column[2]).replace('""', '"')
    return JobError(
        f"{file}: there is no column {name!r}.",
        " ".join(_columns(connection, table) for table in dict.fromkeys(tables))
        or "The query reads no table; write FROM ${table}.",
    )


def _columns(connection: duckdb.DuckDBPyConnection, table: tuple[str, str]) -> str:
    """Return which columns a table has."""
    described = connection.execute("DESCRIBE " + ".".join(map(_quoted, table))).fetchall()
    return f"{'.'.join(table)} has {', '.join(row[0] for row in described)}."


def lake_folder(uri: str) -> Path:
    """Return the folder that a path or `file://` URI names.

    Raises:
        JobError: If the URI has another scheme.
    """
    if "://" not in uri:
        return Path(uri)
    parts = urlsplit(uri)
    if parts.scheme != "file":
        raise JobError(
            f"LAKE_URI must be a folder or a file:// URI, got {uri!r}.",
            "Unset it to read from Athena.",
        )
    return Path(url2pathname(parts.path))


def _quoted(name: str) -> str:
    """Return an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    """Return an SQL string."""
    return "'" + text.replace("'", "''") + "'"
