"""Ingest: the rows that the project's query asks for, from Athena or from the local lake.

The one job that knows its back-end: `LAKE_URI` in the environment makes it read the local lake.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingestion.query import (
    check_placeholders,
    fill_table,
    read_query,
    require_identifier,
    without_end,
)
from sagetabular.jobs.ingestion.rows import with_lower_names, write_rows
from sagetabular.jobs.runner import base_dir, run_job

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    import pyarrow as pa

    from sagetabular.jobs.ingestion.query import Query

    class Reader(Protocol):
        """Interface of a back-end."""

        def read(self, query: Query) -> pa.Table:
            """Run a query; return its rows."""


def ingest(argv: Sequence[str]) -> None:
    """Run the query and write its result to `processing/output/data/data.parquet`.

    Args:
        argv: The job's arguments.

    Raises:
        JobError: The query or the table does not fit the back-end's data.
    """
    arguments = _parse(argv)
    found = read_query(base_dir() / "processing/input/query")
    query = fill_table(replace(found, text=without_end(found.text)), arguments.table)
    check_placeholders(query.text, query.parameters, query.file)
    rows = _reader(arguments).read(query)
    if rows.num_rows == 0:
        raise JobError(
            f"{query.file} returned no rows from {arguments.database}.{arguments.table}.",
            "Loosen its WHERE clause, or add rows to the table.",
        )
    named = with_lower_names(
        rows, f"{query.file} returns", "Give one of them another name with AS."
    )
    write_rows(named, arguments.version)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--table", required=True)
    parser.add_argument("--workgroup", default="primary", help="Athena's; the lake has none")
    parser.add_argument("--kms-key", help="encrypts what Athena writes; the lake has none")
    # The job does not use it; as an argument it is part of what SageMaker's step cache compares.
    parser.add_argument("--version", default="none")
    arguments = parser.parse_args(argv)
    require_identifier("database", arguments.database)
    return arguments


def _reader(arguments: argparse.Namespace) -> Reader:
    """Return the back-end that the environment asks for; each needs libraries of its own."""
    lake = os.environ.get("LAKE_URI")
    if lake:
        from sagetabular.jobs.ingestion.lake import LakeReader, lake_folder

        return LakeReader(lake_folder(lake), arguments.database, arguments.table)
    from sagetabular.jobs.ingestion.athena import AthenaReader

    return AthenaReader(arguments.database, arguments.workgroup, _unload_uri(), arguments.kms_key)


def _unload_uri() -> str:
    """Return a prefix beside the job's output, which no other execution has.

    It is read from the job's own configuration: as an environment variable it would differ from
    one execution to the next, and with it the key that SageMaker's step cache compares.
    """
    configuration = base_dir() / "config/processingjobconfig.json"
    request = json.loads(configuration.read_text(encoding="utf-8"))
    (output,) = request["ProcessingOutputConfig"]["Outputs"]
    return f"{output['S3Output']['S3Uri'].rstrip('/')}-unload"


if __name__ == "__main__":
    run_job(ingest, sys.argv[1:])
