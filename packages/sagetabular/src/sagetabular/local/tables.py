"""What a table of the local lake, or a file in the local S3, holds: a look that changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.lake.store import PART, folder_source, source
from sagetabular.local.data import data_folder
from sagetabular.printing import listed

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from sagetabular.lake.store import TableSource
    from sagetabular.project import Project

MISSING, ABSENT = "missing", "not in the table"
_LONGEST = 24


@dataclass(frozen=True)
class ShownColumn:
    """One column.

    Attributes:
        name: Its name.
        type: Its type in the table, as Arrow calls it.
        declared: What `conf/pipeline.yaml` says of it; empty if nothing.
        missing: How many rows have no value; None if the table lacks the column.
        values: Of the first rows, as text.
    """

    name: str
    type: str
    declared: str
    missing: int | None
    values: tuple[str, ...]


@dataclass(frozen=True)
class ShownTable:
    """A table: where it lies, where it comes from, how many rows, and its columns in order."""

    folder: Path
    title: str
    rows: int
    columns: list[ShownColumn]


def look_at(project: Project, table: str | None, rows: int) -> ShownTable:
    """Read a table that the commands of `pipeline data` have put there.

    Args:
        project: The project.
        table: Its name; None for `data.table`, or for the files in place of `data.uri`.
        rows: How many of the first rows are shown.

    Raises:
        UserError: There is none, or it is damaged.
    """
    folder = data_folder(project, table)
    noted = _noted(project, folder)
    if noted is None:
        raise _absent(project, folder)
    content = _read(folder / PART)
    declared = {} if table else _declared(project)
    columns = [
        _column(name, content[name], declared.get(name, ""), rows) for name in content.column_names
    ]
    columns += [
        ShownColumn(name, ABSENT, said, None, ())
        for name, said in declared.items()
        if name not in content.column_names
    ]
    return ShownTable(folder, noted.title, content.num_rows, columns)


def _absent(project: Project, folder: Path) -> UserError:
    remedy = "Add one: pipeline data add FILE, or pipeline data sample."
    if not project.settings.pipeline.data.reads_tables:
        return UserError(f"{folder} has no table that `pipeline data` has put there.", remedy)
    others = sorted(file.parent.name for file in folder.parent.glob(f"*/{PART}"))
    if others:
        remedy = f"It has {listed(others)}. {remedy}"
    return UserError(f"The local lake has no table {folder.parent.name}.{folder.name}.", remedy)


def _noted(project: Project, folder: Path) -> TableSource | None:
    """Return what is noted of a folder; a table is put back first if its write was killed."""
    if project.settings.pipeline.data.reads_tables:
        return source(project.lake, folder.parent.name, folder.name)
    return folder_source(folder)


def _declared(project: Project) -> dict[str, str]:
    columns = project.settings.pipeline.data.columns
    return {
        name: f"{column.type}{', optional' if column.optional else ''}"
        for name, column in columns.items()
    }


def _read(part: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(part).read()
    except (OSError, pa.ArrowException) as err:
        reason = " ".join(str(err).split())
        msg = f"{part} cannot be read: {reason}."
        raise UserError(msg, "Add the table again: pipeline data add FILE.") from err


def _column(name: str, content: pa.ChunkedArray, declared: str, rows: int) -> ShownColumn:
    values = tuple(map(_as_text, content.slice(0, rows).to_pylist()))
    return ShownColumn(name, str(content.type), declared, content.null_count, values)


def _as_text(value: object) -> str:
    text = MISSING if value is None else str(value)
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
