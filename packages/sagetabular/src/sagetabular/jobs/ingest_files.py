"""Ingest for `source: s3`: all CSV, Excel or Parquet files below a prefix, as one table."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingestion.rows import write_rows
from sagetabular.jobs.runner import base_dir, run_job
from sagetabular.printing import printable
from sagetabular.reading.dialect import Dialect
from sagetabular.reading.errors import ReadingError
from sagetabular.reading.files import kind_of
from sagetabular.reading.names import DeclaredColumn
from sagetabular.reading.tables import read_files
from sagetabular.reading.values import make_marks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_PLACE = "conf/pipeline.yaml: data.uri"


def ingest_files(argv: Sequence[str]) -> None:
    """Read the files in `processing/input/files`; write `processing/output/data/data.parquet`.

    They are read as `pipeline data add` reads them, by the columns that `settings/files.json` has,
    and by what it says of how files are written.

    Args:
        argv: The job's arguments.

    Raises:
        JobError: A file is no table, or they do not fit together.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    # The job does not use it; as an argument it is part of what SageMaker's step cache compares.
    parser.add_argument("--version", default="none")
    arguments = parser.parse_args(argv)
    folder = base_dir() / "processing/input"
    settings = json.loads((folder / "settings/files.json").read_text(encoding="utf-8"))
    declared = [
        DeclaredColumn(
            name,
            column["type"],
            required=not column["optional"],
            format=column.get("format"),
            unit=column.get("unit"),
        )
        for name, column in settings["columns"].items()
    ]
    files = {printable(name): folder / "files" / name for name in data_files(folder / "files")}
    try:
        dialect = Dialect.from_settings(settings.get("files", {}))
        read = read_files(files, declared, make_marks(settings["missing"]), dialect)
    except ReadingError as error:
        raise JobError(f"{_PLACE}: {error.message}", error.remedy) from error
    write_rows(read.table, arguments.version)


def data_files(folder: Path) -> list[str]:
    """Return the names of the files that count, sorted, relative to the folder.

    As in Athena, those whose name, or a folder's above them, begins with `_` or `.` do not.

    Raises:
        JobError: There is none, one is of another kind, or there are files of several kinds.
    """
    paths = [file.relative_to(folder) for file in folder.rglob("*") if file.is_file()]
    names = sorted(
        path.as_posix() for path in paths if not any(part[0] in "_." for part in path.parts)
    )
    kinds = {name: _kind(name) for name in names}
    if not names:
        msg = f"{_PLACE}: the prefix holds no file."
        raise JobError(msg, "Put CSV, Excel or Parquet files there, or name another prefix.")
    if len({*kinds.values()}) > 1:
        examples = " and ".join(sorted({kind: name for name, kind in kinds.items()}.values()))
        msg = f"{_PLACE}: the prefix must hold files of one kind, got {examples}."
        raise JobError(msg, "Keep CSV, Excel and Parquet files below different prefixes.")
    return names


def _kind(name: str) -> str:
    kind = kind_of(name)
    if kind is None:
        msg = f"{_PLACE}: {printable(name)} must be a CSV, an Excel or a Parquet file."
        remedy = (
            "Let its name end with .csv, .csv.gz, .tsv, .txt, .data, .xlsx or .parquet; begin it "
            "with _ to leave it out."
        )
        raise JobError(msg, remedy)
    return kind


if __name__ == "__main__":
    run_job(ingest_files, sys.argv[1:])
