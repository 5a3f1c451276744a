"""Emulator of Data Wrangler's container on this machine: runs the flow over the local lake.

It is given what the container is: the flow in `processing/flow`, the container's arguments, and
the request with the query that SageMaker would have let Athena answer.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingestion.lake import LakeReader, lake_folder
from sagetabular.jobs.ingestion.query import Query
from sagetabular.jobs.ingestion.rows import with_lower_names
from sagetabular.jobs.runner import base_dir, run_job
from sagetabular.jobs.wrangler.flow import run_flow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa


def data_wrangler(argv: Sequence[str]) -> None:
    """Run the flow and write the outputs that the arguments name.

    Args:
        argv: The job's arguments.

    Raises:
        JobError: The flow or its query does not fit the lake.
    """
    (file,) = (base_dir() / "processing/flow").glob("*.flow")
    tables = run_flow(json.loads(file.read_text(encoding="utf-8")), _read)
    for name, settings in _output_config(argv).items():
        if settings["content_type"].lower() != "parquet":
            msg = f"A local run writes Parquet, the flow's output {name} is to be {settings}."
            raise JobError(msg, "Ask for the content type Parquet.")
        if tables[name].num_rows == 0:
            msg = "The flow's query returned no rows."
            raise JobError(msg, "Loosen the WHERE clause of the query, or add rows to the table.")
        _write(tables[name], name)


def _output_config(argv: Sequence[str]) -> dict[str, Any]:
    """Read the command line, each argument of which is an option with its value, as in a shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output-config", required=True, type=json.loads)
    config: dict[str, Any] = parser.parse_args(shlex.split(" ".join(argv))).output_config
    return config


def _read(dataset: Mapping[str, Any]) -> pa.Table:
    """Answer the query of the request's input that has the data set's name."""
    configuration = base_dir() / "config/processingjobconfig.json"
    inputs = json.loads(configuration.read_text(encoding="utf-8"))["ProcessingInputs"]
    (found,) = (entry for entry in inputs if entry["InputName"] == dataset["name"])
    athena = found["DatasetDefinition"]["AthenaDatasetDefinition"]
    lake = lake_folder(os.environ["LAKE_URI"])
    query = Query(athena["QueryString"], "The flow's query (data.query in conf/pipeline.yaml)")
    rows = LakeReader(lake, athena["Database"], "").read(query)
    remedy = "Give one of them another name with AS."
    return with_lower_names(rows, "The flow's query returns", remedy).replace_schema_metadata()


def _write(table: pa.Table, name: str) -> None:
    """Write a table where the container does: below the name of the node and its output."""
    folder = base_dir() / "processing/output" / name.replace(".", "/")
    folder.mkdir(parents=True)
    pq.write_table(table, folder / "part-00000.snappy.parquet")
    print(f"{table.num_rows:,} rows, {table.num_columns} columns", flush=True)


if __name__ == "__main__":
    run_job(data_wrangler, sys.argv[1:])
