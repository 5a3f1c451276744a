"""The query's text and the names it is given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.training.jobs.errors import JobError

if TYPE_CHECKING:
    from pathlib import Path

QUERY_FILE = "queries/ingest.sql"
"""Where the project keeps the query, for errors."""

_TABLE = "${table}"
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def query_text(folder: Path) -> str:
    """Return the text of the one `.sql` file in a folder.

    Raises:
        FileNotFoundError: If there is none, or more than one.
    """
    files = sorted(folder.glob("*.sql"))
    if len(files) != 1:
        msg = f"{folder} must hold one .sql file, got {[file.name for file in files]}."
        raise FileNotFoundError(msg)
    return files[0].read_text(encoding="utf-8")


def fill_table(text: str, table: str) -> str:
    """Put the quoted table name in the place of `${table}`.

    Args:
        text: The query.
        table: The table's name, unquoted.

    Raises:
        JobError: If the query has another placeholder, or the name is no identifier.
    """
    require_identifier("table", table)
    unknown = sorted(set(_PLACEHOLDER.findall(text)) - {"table"})
    if unknown:
        got = _TABLE.replace("table", unknown[0])
        raise JobError(
            f"{QUERY_FILE}: the only placeholder is {_TABLE}, got {got}.",
            f"Write the value into the query, or use {_TABLE}.",
        )
    return text.replace(_TABLE, f'"{table}"')


def require_identifier(field: str, name: str) -> None:
    """Refuse a name that would need quoting, and with it whatever else could be in a name.

    Args:
        field: Its key in the `data` section of `conf/pipeline.yaml`.
        name: The database or table.

    Raises:
        JobError: If the name is no identifier.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise JobError(
            f"conf/pipeline.yaml: data.{field} must be letters, digits and underscores, "
            f"got {name!r}.",
            "Correct the name; it may not start with a digit.",
        )
