"""The query's text, and the names and values it is given."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from sagetabular.jobs.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

Value: TypeAlias = "str | bool | int | Decimal | date"
"""What a parameter of the query can be."""

NAME_FILE = "name.txt"
"""Lies beside the query and says what the project calls its file, for errors."""

PARAMETERS_FILE = "parameters.json"
"""Lies beside the query if `data.parameters` in `conf/pipeline.yaml` gives it values."""

_TYPES: dict[str, Callable[[Any], Value]] = {
    "str": str, "bool": bool, "int": int, "Decimal": Decimal, "date": date.fromisoformat,
}  # fmt: skip
_TABLE = "${table}"
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
# Text, a quoted name, or a comment: what looks like a parameter there is none.
_OPAQUE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/""", re.DOTALL)
_TOKEN = re.compile(_OPAQUE.pattern + r"|\S", re.DOTALL)
# As awswrangler finds them.
_PARAMETER = re.compile(r"(?<!:):([A-Za-z0-9_]+)(?![A-Za-z0-9_])")
# Athena is given the value as text, and `--5` begins a comment.
_AFTER_MINUS = re.compile(r"-(?=:)" + _PARAMETER.pattern)
# A database is the query's context, and may have what a table's name in a query may not.
_NAMES = {
    "database": (
        re.compile(r"[A-Za-z_][A-Za-z0-9_-]*"),
        "letters, digits, underscores and hyphens",
    ),
    "table": (re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), "letters, digits and underscores"),
}


@dataclass(frozen=True)
class Query:
    """A query in Athena's SQL.

    Attributes:
        text: What it says.
        file: What to call it in errors: its path in the project.
        parameters: The values of its `:name`.
    """

    text: str
    file: str
    parameters: Mapping[str, Value] = field(default_factory=dict)


def read_query(folder: Path) -> Query:
    """Return the query that lies in a folder, with its name and values.

    Raises:
        JobError: If it holds no `.sql` file, or more than one.
    """
    files = sorted(folder.glob("*.sql"))
    if len(files) != 1:
        found = ", ".join(file.name for file in files) or "none"
        msg = f"The query's folder in S3 must hold one .sql file, got {found}."
        raise JobError(msg, "Leave one, or drop --set QueryUri for the project's own query.")
    text = files[0].read_text(encoding="utf-8-sig")
    return Query(text, _name_of(files[0]), query_parameters(folder))


def _name_of(file: Path) -> str:
    """Return the path in the project; a query that somebody else has stored is called as it is."""
    named = file.with_name(NAME_FILE)
    return named.read_text(encoding="utf-8") if named.is_file() else file.name


def without_end(text: str) -> str:
    """Return a query without the semicolons and comments after it: it becomes a part of another.

    Args:
        text: The query; empty if there are only comments.
    """
    tokens = _TOKEN.finditer(text)
    ends = [each.end() for each in tokens if not each[0].startswith((";", "--", "/*"))]
    return text[: max(ends, default=0)]


def fill_table(query: Query, table: str) -> Query:
    """Put the quoted table name in the place of `${table}`.

    Args:
        query: The query.
        table: The table's name, unquoted.

    Raises:
        JobError: If the query has another placeholder, or the name is no identifier.
    """
    require_identifier("table", table)
    unknown = sorted(set(_PLACEHOLDER.findall(query.text)) - {"table"})
    if unknown:
        got = _TABLE.replace("table", unknown[0])
        raise JobError(
            f"{query.file}: the only placeholder is {_TABLE}, got {got}.",
            f"Write the value into the query, or use {_TABLE}.",
        )
    return replace(query, text=query.text.replace(_TABLE, f'"{table}"'))


def query_parameters(folder: Path) -> dict[str, Value]:
    """Return the values of the query's parameters, by name; none if there is no such file."""
    file = folder / PARAMETERS_FILE
    if not file.is_file():
        return {}
    return {
        name: _TYPES[kind](value)
        for name, (kind, value) in json.loads(file.read_text(encoding="utf-8")).items()
    }


def written_parameters(values: Mapping[str, Value]) -> bytes:
    """Return the content of `PARAMETERS_FILE`, from which `query_parameters` makes the values."""
    written = {
        name: [type(value).__name__, value if isinstance(value, str | int) else str(value)]
        for name, value in values.items()
    }
    return json.dumps(written, indent=1).encode()


def check_placeholders(query: str, names: Iterable[str], file: str) -> None:
    """Accept a query whose `:name` are exactly the parameters that have a value.

    Both back-ends then read it in the same way: awswrangler would write values into texts and
    comments too, and pass on what has none.

    Args:
        query: The query.
        names: The parameters that `data.parameters` gives values.
        file: What to call the query in errors.

    Raises:
        JobError: If one has no value, is not used, or stands where it would be text or a comment.
    """
    given = {*names}
    hidden = {name for part in _OPAQUE.findall(query) for name in _PARAMETER.findall(part)}
    bare = _OPAQUE.sub(" ", query)
    used = {*_PARAMETER.findall(bare)}
    if wrong := sorted(hidden & given):
        raise JobError(
            f"{file}: a parameter must not stand in quotes or a comment, got :{wrong[0]}.",
            "Write it bare: its value is quoted by itself. In a comment, leave out the colon.",
        )
    if wrong := _AFTER_MINUS.findall(bare):
        raise JobError(
            f"{file}: a parameter must not follow a minus at once, got -:{wrong[0]}.",
            f"Write - :{wrong[0]}, with a blank: a value below zero would begin a comment.",
        )
    if wrong := sorted(used - given):
        raise JobError(
            f"{file}: the parameter :{wrong[0]} has no value.",
            f"Write `{wrong[0]}: VALUE` under data.parameters in conf/pipeline.yaml.",
        )
    if wrong := sorted(given - used):
        raise JobError(
            f"conf/pipeline.yaml: data.parameters.{wrong[0]} is not used in {file}.",
            f"Write :{wrong[0]} in the query, or take it out.",
        )


def require_identifier(field: str, name: str) -> None:
    """Refuse a name that a query or a path could take for more than a name.

    Args:
        field: Its key in the `data` section of `conf/pipeline.yaml`: `database` or `table`.
        name: The database or table.

    Raises:
        JobError: If the name is no identifier.
    """
    pattern, signs = _NAMES[field]
    if not pattern.fullmatch(name):
        raise JobError(
            f"conf/pipeline.yaml: data.{field} must be {signs}, got {name!r}.",
            "Correct the name; it may not start with a digit.",
        )
