"""Athena's stand-in: DuckDB over the local lake's Parquet files, asked in Athena's SQL."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import duckdb
from pyarrow import dataset

from sagetabular.jobs.athena_sql.checking import in_duckdb
from sagetabular.jobs.athena_sql.parsing import parse_query, table_names
from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingestion.lake_errors import query_failed
from sagetabular.jobs.ingestion.lake_types import column_types, selected

if TYPE_CHECKING:
    import pyarrow as pa

    from sagetabular.jobs.ingestion.query import Query

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    # Never look for an extension on the network.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    # The query reads tables of the lake, and nothing else of this machine.
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    # As in Athena, a division by zero is an error.
    "error_on_division_by_zero": "true",
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
        parsed = parse_query(query.text, query.file, query.parameters)
        tables = table_names(parsed.tree, self.database)
        self._require_tables(tables, query.file)
        found = self._datasets(tables)
        schema: dict[str, dict[str, dict[str, Any]]] = {self.database.lower(): {}}
        for (database, table), files in found.items():
            schema.setdefault(database, {})[table] = column_types(files.schema)
        sql, macros = in_duckdb(parsed, schema, self.database.lower(), datetime.now(UTC))
        with closing(duckdb.connect(":memory:", config=_SETTINGS)) as connection:
            _make_views(connection, found)
            for macro in macros:
                connection.execute(macro)
            try:
                # As a relation: the result of `execute` would be copied once more.
                return connection.sql(sql).to_arrow_table()
            except (duckdb.ProgrammingError, duckdb.DataError) as error:
                raise query_failed(error, query.file) from error

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

    def _datasets(self, names: list[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        """Return the files of the tables that a query reads, by names in lower case.

        Paths are never handed to DuckDB: it would take signs in them for patterns, and `x=1` for
        a column.
        """
        folders = {
            (database.lower(), table.lower()): self.lake / database / table
            for database, table in self.tables()
        }
        wanted = {(database.lower(), table.lower()) for database, table in names}
        return {
            name: dataset.dataset(
                sorted(map(str, folders[name].glob("*.parquet"))), format="parquet"
            )
            for name in sorted(wanted)
        }


def _make_views(connection: duckdb.DuckDBPyConnection, tables: dict[tuple[str, str], Any]) -> None:
    """Make every table a view in a schema named like its database."""
    for number, ((database, table), files) in enumerate(tables.items()):
        connection.register(f"athena_table_{number}", files)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(database)}")
        view = f"{_quoted(database)}.{_quoted(table)}"
        columns = selected(files.schema)
        rows = f"SELECT {columns} FROM athena_table_{number}"  # noqa: S608  (quoted there)
        connection.execute(f"CREATE VIEW {view} AS {rows}")


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
