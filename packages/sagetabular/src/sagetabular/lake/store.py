"""The tables of the local lake: `<lake>/<database>/<table>/part-0.parquet` and `_source.json`."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sagetabular.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

PART = "part-0.parquet"
SOURCE = "_source.json"
# Athena's rule for names that need no quoting anywhere.
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Kind = Literal["sample", "files", "fetched"]


@dataclass(frozen=True)
class TableSource:
    """The origin of a table of the lake.

    Attributes:
        kind: How it came into the lake.
        title: What a report calls it.
        rows: Number of rows.
        columns: Its column names, in order.
        sha256: Hash of the Parquet file.
    """

    kind: Kind
    title: str
    rows: int
    columns: tuple[str, ...]
    sha256: str


def table_folder(lake: Path, database: str, table: str) -> Path:
    """Return where a table lies.

    Raises:
        UserError: If a name is no identifier.
    """
    for field, name in (("database", database), ("table", table)):
        if not _IDENTIFIER.fullmatch(name):
            raise UserError(
                f"The {field} must be letters, digits and underscores, got {name!r}.",
                f"Correct data.{field} in conf/pipeline.yaml (or --{field}); "
                "it may not start with a digit.",
            )
    return lake / database / table


def write_table(folder: Path, content: pa.Table, *, kind: Kind, title: str) -> TableSource:
    """Write a table, in place of what was there; on failure the previous one stays.

    Args:
        folder: Where, see `table_folder`.
        content: The rows.
        kind: How it comes into the lake.
        title: What a report calls it.

    Returns:
        What was written to `_source.json`.
    """
    import pyarrow.parquet as pq  # a run only reads `_source.json`

    folder.parent.mkdir(parents=True, exist_ok=True)
    with _replacement(folder) as draft:
        pq.write_table(content, draft / PART)
        digest = hashlib.sha256((draft / PART).read_bytes()).hexdigest()
        source = TableSource(kind, title, content.num_rows, tuple(content.column_names), digest)
        text = json.dumps(asdict(source), indent=2, ensure_ascii=False)
        (draft / SOURCE).write_text(f"{text}\n", encoding="utf-8")
    return source


def read_table(lake: Path, database: str, table: str) -> pa.Table:
    """Read a table.

    Raises:
        UserError: If a name is no identifier, or the lake has no such table.
    """
    import pyarrow.parquet as pq

    part = _recovered(table_folder(lake, database, table)) / PART
    if not part.is_file():
        raise UserError(
            f"The local lake has no table {database}.{table}.",
            "Add one: pipeline data add FILE, or pipeline data sample.",
        )
    return pq.ParquetFile(part).read()


def source(lake: Path, database: str, table: str) -> TableSource | None:
    """Return where a table comes from, or None if the lake has no such table.

    Raises:
        UserError: If a name is no identifier, or `_source.json` is damaged.
    """
    return folder_source(_recovered(table_folder(lake, database, table)))


def folder_source(folder: Path) -> TableSource | None:
    """Return what `write_table` has noted in a folder, or None if it has written nothing there.

    Raises:
        UserError: If `_source.json` is damaged.
    """
    path = folder / SOURCE
    if not path.is_file():
        return None
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return TableSource(**{**fields, "columns": tuple(fields["columns"])})
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"{path} is damaged: {error}.",
            "Add the table again: pipeline data add FILE, or pipeline data sample.",
        ) from error


@contextmanager
def _replacement(folder: Path) -> Iterator[Path]:
    """Yield an empty sibling folder that takes the folder's place if all goes well."""
    mark = uuid.uuid4().hex[:8]
    draft = folder.with_name(f".{folder.name}-{mark}.new")
    previous = folder.with_name(f".{folder.name}-{mark}.old")
    _recovered(folder)
    for leftover in _beside(folder):
        shutil.rmtree(leftover)
    draft.mkdir()
    try:
        yield draft
        if folder.exists():
            folder.rename(previous)
        try:
            draft.rename(folder)
        except OSError:
            if previous.exists():
                previous.rename(folder)
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(previous, ignore_errors=True)


def _recovered(folder: Path) -> Path:
    """Return the folder of a table, put back if a write was killed between its two renames."""
    if not folder.exists():
        for previous in _beside(folder, "old")[:1]:
            previous.rename(folder)
    return folder


def _beside(folder: Path, ending: str = "*") -> list[Path]:
    """Return what writes of this table have left beside it when they were killed."""
    return sorted(folder.parent.glob(f".{folder.name}-????????.{ending}"))
