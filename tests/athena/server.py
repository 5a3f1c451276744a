"""ministack with what its Athena lacks for this repository: UNLOAD, and Athena's own refusals.

ministack hands every query to DuckDB as it is, and DuckDB has no UNLOAD. Here the statement is
taken apart: DuckDB answers the query inside, the rows go to S3 as Parquet files, and the manifest
that lists them where Athena puts it. As Athena does, it writes no file for a result without rows,
and refuses a prefix that is not empty, a statement that does not parse (at once), and tables and
databases that the catalogue does not have (with Athena's words). Of a partitioned table it reads
the folders that the catalogue names, with the values that it gives them, and not what paths say.

It runs in the server's own environment: `python server.py`.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
from ministack.app import main
from ministack.core.responses import error_response_json
from ministack.services import athena, glue, s3

UNLOAD = re.compile(
    r"UNLOAD \((?P<query>.*)\) TO '(?P<place>s3://[^']+)' WITH \(\s*format='PARQUET'\s*\)",
    re.DOTALL,
)
EXACT_NUMBER = re.compile(r"DECIMAL '(-?[0-9.]+)'")
ROWS_IN_A_FILE = 3
plain_start, plain_execution = athena._start_query_execution, athena._execute_query
plain_relation = athena._table_relation


def start(request: dict[str, Any]) -> Any:
    """Refuse at once what does not parse, as Athena does."""
    statement = UNLOAD.fullmatch(request["QueryString"])
    try:
        duckdb.extract_statements(statement["query"] if statement else request["QueryString"])
    except duckdb.ParserException as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        return error_response_json("InvalidRequestException", f"line 1:1: {reason}", 400)
    return plain_start(request)


async def execute(
    identifier: str, query: str, database: str, ddl: object, catalog: str | None = None
) -> None:
    """Execute an UNLOAD here, and leave every other statement to ministack."""
    statement = UNLOAD.fullmatch(query)
    if statement is None:
        await plain_execution(identifier, query, database, ddl, catalog)
        return
    execution = athena._executions[identifier]
    try:
        await unload(execution, identifier, statement, database)
    except (ValueError, duckdb.Error) as error:
        execution["Status"] |= {"State": "FAILED", "StateChangeReason": str(error)}


async def unload(
    execution: dict[str, Any], identifier: str, statement: re.Match[str], database: str
) -> None:
    """Write the rows and their manifest."""
    place = statement["place"]
    if objects_below(place):
        msg = f"HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: {place}"
        raise ValueError(msg)
    require_tables(statement["query"], database)
    # In Athena the digits say how exact such a number is, in DuckDB it always has three places.
    own = EXACT_NUMBER.sub(r"(\1)", statement["query"])
    query, _, _ = await athena._rewrite_data_paths(own, database)
    files = await asyncio.to_thread(parquet_files, query)
    written = [f"{place}{identifier}_{number}" for number in range(len(files))]
    for uri, content in zip(written, files, strict=True):
        put(uri, content)
    results = execution["ResultConfiguration"]["OutputLocation"].removesuffix(f"{identifier}.csv")
    manifest = f"{results.rstrip('/')}/{identifier}-manifest.csv"
    put(manifest, "\n".join(written).encode())
    put(f"{results.rstrip('/')}/{identifier}.metadata", b"")
    execution["Statistics"]["DataManifestLocation"] = manifest
    execution["_results"] = {"columns": ["rows"], "rows": []}
    execution["_column_types"] = ["bigint"]
    execution["Status"]["State"] = "SUCCEEDED"


def parquet_files(query: str) -> list[bytes]:
    """Return the rows of a query as several files; none if there are no rows."""
    with duckdb.connect(":memory:") as connection, tempfile.TemporaryDirectory() as folder:
        connection.execute(f"CREATE TABLE result AS ({query})")
        (rows,) = connection.execute("SELECT count(*) FROM result").fetchall()[0]
        files = []
        for first in range(0, rows, ROWS_IN_A_FILE):
            file = Path(folder) / str(first)
            part = f"SELECT * FROM result LIMIT {ROWS_IN_A_FILE} OFFSET {first}"
            connection.execute(f"COPY ({part}) TO '{file}' (FORMAT parquet)")
            files.append(file.read_bytes())
        return files


def require_tables(query: str, database: str) -> None:
    """Refuse what the catalogue does not have."""
    for reference in athena._table_references(query):
        owner = reference.database or database
        if owner not in glue._databases:
            msg = f"SCHEMA_NOT_FOUND: line 1:15: Schema '{owner}' does not exist"
            raise ValueError(msg)
        if f"{owner}/{reference.table}" not in glue._tables:
            name = f"awsdatacatalog.{owner}.{reference.table}"
            msg = f"TABLE_NOT_FOUND: line 1:15: Table '{name}' does not exist"
            raise ValueError(msg)


def relation(table: dict[str, Any], files: list[str]) -> str:
    """Return what DuckDB reads in the place of a table, whose files are here."""
    if not table.get("PartitionKeys"):
        return str(plain_relation(table, files))
    location = table["StorageDescriptor"]["Location"]
    parts = glue._partitions[f"{table['DatabaseName']}/{table['Name']}"]
    every = [partition(table, part, location, files) for part in parts]
    return f"({' UNION ALL BY NAME '.join(every)})"


def partition(table: dict[str, Any], part: dict[str, Any], location: str, files: list[str]) -> str:
    """Return the rows of one partition; its folder lies below the table's, or it has none."""
    folder = part["StorageDescriptor"]["Location"].removeprefix(location)
    own = [file for file in files if f"/{folder}" in file]
    if not own:
        msg = f"partition {part['Values']} has no file in {folder} below {location}"
        raise ValueError(msg)
    values = [
        f'CAST({quoted(value)} AS {athena._duckdb_type(key)}) AS "{key["Name"]}"'
        for key, value in zip(table["PartitionKeys"], part["Values"], strict=True)
    ]
    names = ", ".join(map(quoted, own))
    rows = f"read_parquet([{names}], hive_partitioning = false)"
    return f"SELECT *, {', '.join(values)} FROM {rows}"


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def objects_below(uri: str) -> list[str]:
    """Keys of the objects below a prefix."""
    parts = urlsplit(uri)
    keys = s3._buckets[parts.netloc]["objects"]
    return [key for key in keys if key.startswith(parts.path.lstrip("/"))]


def put(uri: str, content: bytes) -> None:
    """Store an object."""
    parts = urlsplit(uri)
    answer = s3._put_object(parts.netloc, parts.path.lstrip("/"), content, {})
    if isinstance(answer, tuple) and answer[0] >= 300:
        raise ValueError(str(answer[2]))


athena._start_query_execution, athena._execute_query = start, execute
athena._table_relation = relation

if __name__ == "__main__":
    main()
