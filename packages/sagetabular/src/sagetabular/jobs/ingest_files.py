"""Ingest for `source: s3`: all CSV or Parquet files below a prefix, as one table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingestion.csv_tables import read_csv
from sagetabular.jobs.ingestion.rows import with_lower_names, write_rows
from sagetabular.jobs.runner import base_dir, run_job

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLACE = "conf/pipeline.yaml: data.uri"
_COMPRESSIONS = (".gz", ".bz2", ".zst")


def ingest_files(argv: Sequence[str]) -> None:
    """Read the files in `processing/input/files`; write `processing/output/data/data.parquet`.

    Args:
        argv: The job's arguments.

    Raises:
        JobError: A file is no table, or they do not fit together.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    # The job does not use it; as an argument it is part of what SageMaker's step cache compares.
    parser.add_argument("--version", default="none")
    arguments = parser.parse_args(argv)
    folder = base_dir() / "processing/input/files"
    names = data_files(folder)
    rows = _together({name: _read(folder, name) for name in names})
    if rows.num_rows == 0:
        msg = f"{_PLACE}: its files hold no rows: {', '.join(names[:5])}."
        raise JobError(msg, "Put files with rows there, or name another prefix.")
    write_rows(rows, arguments.version)


def data_files(folder: Path) -> list[str]:
    """Return the names of the files that count, sorted, relative to the folder.

    As in Athena, those whose name, or a folder's above them, begins with `_` or `.` do not.

    Raises:
        JobError: There is none, one is neither CSV nor Parquet, or there are both.
    """
    paths = [file.relative_to(folder) for file in folder.rglob("*") if file.is_file()]
    names = sorted(
        path.as_posix() for path in paths if not any(part[0] in "_." for part in path.parts)
    )
    kinds = {name: _kind(name) for name in names}
    if not names:
        msg = f"{_PLACE}: the prefix holds no file."
        raise JobError(msg, "Put CSV or Parquet files there, or name another prefix.")
    if len({*kinds.values()}) > 1:
        examples = " and ".join(sorted({kind: name for name, kind in kinds.items()}.values()))
        msg = f"{_PLACE}: the prefix must hold files of one kind, got {examples}."
        raise JobError(msg, "Keep CSV and Parquet files below different prefixes.")
    return names


def _kind(name: str) -> str:
    suffixes = [suffix.lower() for suffix in PurePath(name).suffixes]
    if suffixes[-1:] == [".parquet"]:
        return "Parquet"
    if [suffix for suffix in suffixes if suffix not in _COMPRESSIONS][-1:] == [".csv"]:
        return "CSV"
    msg = f"{_PLACE}: {name} must be a CSV or a Parquet file."
    remedy = "Let its name end with .csv, .csv.gz or .parquet; begin it with _ to leave it out."
    raise JobError(msg, remedy)


def _read(folder: Path, name: str) -> pa.Table:
    """Read one file, its column names in lower case."""
    try:
        table = (
            pq.ParquetFile(folder / name).read()
            if _kind(name) == "Parquet"
            else read_csv(folder / name)
        )
    except (ValueError, OSError) as error:  # Arrow's own are ValueErrors
        reason = " ".join(str(error).split())[:200].rstrip(".")
        msg = f"{_PLACE}: {name} is no {_kind(name)} table: {reason}."
        raise JobError(msg, "Save it again: CSV as UTF-8 with a header, or Parquet.") from error
    return with_lower_names(table, f"{_PLACE}: {name} has", "Give one of them another name.")


def _together(tables: dict[str, pa.Table]) -> pa.Table:
    """Put the tables below each other, in the first one's order of columns."""
    first, *others = tables
    schema = tables[first].schema
    for name in others:
        _require_same_columns(first, tables[first], name, tables[name])
        try:
            own = tables[name].select(schema.names).schema
            schema = pa.unify_schemas(
                [schema.remove_metadata(), own.remove_metadata()], promote_options="permissive"
            )
        except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
            reason = str(error).split("\n", maxsplit=1)[0].rstrip(".")
            msg = f"{_PLACE}: {name} does not fit the files before it: {reason}."
            raise JobError(msg, "Give the column the same type in all files.") from error
    parts = [table.select(schema.names).cast(schema) for table in tables.values()]
    return pa.concat_tables(parts)


def _require_same_columns(first: str, one: pa.Table, name: str, other: pa.Table) -> None:
    for file, table, owner, owned in ((name, other, first, one), (first, one, name, other)):
        lacks = [column for column in owned.column_names if column not in table.column_names]
        if lacks:
            msg = f"{_PLACE}: {file} has no column {lacks[0]!r}, which {owner} has."
            raise JobError(msg, "Give all files below the prefix the same columns.")


if __name__ == "__main__":
    run_job(ingest_files, sys.argv[1:])
