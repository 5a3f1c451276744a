"""Names that Athena takes, for the database and the table that a project starts with."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath
from typing import TYPE_CHECKING

from sagetabular.reading.names import snake_case

if TYPE_CHECKING:
    from collections.abc import Iterable

# What a new project's configuration says.
TEMPLATE_DATABASE, TEMPLATE_TABLE = "housing", "california"
_LONGEST = 100
_NOT_ASCII = re.compile(r"[^a-z0-9_]+")


def database_name(present: str | None, project: str) -> str:
    """Return the database: the one that is there, but for the template's, which is the sample's.

    Args:
        present: `data.database`.
        project: `name`, the pipeline's.
    """
    if present not in (None, TEMPLATE_DATABASE):
        return str(present)
    return _identifier(project, "project")


def table_name(files: Iterable[str]) -> str:
    """Return a table's name, made of that of the first file."""
    first = PurePath(next(iter(files))).name
    return _identifier(first.partition(".")[0] or first, "rows")


def _identifier(text: str, otherwise: str) -> str:
    """Return ASCII letters, digits and underscores, with a letter first."""
    decomposed = unicodedata.normalize("NFKD", text)
    ascii_letters = "".join(each for each in decomposed if not unicodedata.combining(each))
    name = _NOT_ASCII.sub("_", snake_case(ascii_letters)).strip("_")[:_LONGEST]
    if not name:
        return otherwise
    return name if name[0].isalpha() else f"{otherwise}_{name}"
