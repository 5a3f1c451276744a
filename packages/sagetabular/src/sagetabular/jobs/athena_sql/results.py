"""What a result may hold, so that UNLOAD can write it and the pipeline can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sagetabular.jobs.athena_sql.names import check_column_name
from sagetabular.jobs.athena_sql.refusals import RefusalError
from sagetabular.jobs.athena_sql.trino import types as t

if TYPE_CHECKING:
    from sagetabular.jobs.athena_sql.trino.types import Type

# Type → what to do about it. Sources: docs.aws.amazon.com/athena/latest/ug/unload.html and
# data-types.html; Trino's Hive connector for the types that a file can have.
_REFUSED = {
    t.Kind.TIMESTAMPTZ: "CAST it to timestamp.",
    t.Kind.NULL: "CAST it to the type that it should have.",
    t.Kind.TIME: "CAST it to varchar.",
    t.Kind.TIMETZ: "CAST it to varchar.",
    t.Kind.INTERVAL: "Use date_diff, which gives a number.",
    t.Kind.ARRAY: "Take one element of it, with element_at or UNNEST.",
    t.Kind.MAP: "Take one value of it, with element_at.",
    t.Kind.STRUCT: "Select its fields.",
    t.Kind.JSON: "CAST it to varchar, or take values with json_extract_scalar.",
}


def check_results(tree: exp.Query) -> None:
    """Refuse columns of the result that no file of Athena's, or no model, can hold.

    Args:
        tree: The query, with a type at each column of its result.

    Raises:
        RefusalError: At the first such column.
    """
    for place, column in enumerate(tree.selects):
        name = column.alias_or_name
        check_column_name(name, "Write another name behind AS.", column)
        kind = _kind_at(tree, place)
        if kind.this in _REFUSED:
            raise RefusalError(
                f"the result must hold numbers, texts, booleans, dates or timestamps, got "
                f"{'nothing but NULL' if kind.this == t.Kind.NULL else t.name_of(kind)} in "
                f"{name!r}.",
                _REFUSED[kind.this],
                column,
            )


def _kind_at(tree: exp.Expr, place: int) -> Type:
    """Return the type of a column, which both sides of a UNION give."""
    while isinstance(tree, exp.Subquery):
        tree = tree.this
    if isinstance(tree, exp.SetOperation):
        kinds = [_kind_at(side, place) for side in (tree.this, tree.expression)]
        return t.common_of(kinds) or t.UNKNOWN
    columns = tree.selects if isinstance(tree, exp.Query) else []
    return (columns[place].type or t.UNKNOWN) if place < len(columns) else t.UNKNOWN
