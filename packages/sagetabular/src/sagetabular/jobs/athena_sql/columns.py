"""Find each column of a query in the tables that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from sagetabular.jobs.athena_sql.refusals import RefusalError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_SHOWN = 40


def resolve_columns(tree: exp.Query, schema: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse columns that no table has, and say aliases in ORDER BY as what they stand for.

    Args:
        tree: A query whose columns are named with their tables as far as these are known.
        schema: Database → table → its columns.

    Raises:
        RefusalError: There is no such column.
    """
    for select in tree.find_all(exp.Select):
        _expand_order(select)
    for scope in traverse_scope(tree):
        for column in scope.columns:
            if not (column.is_star or _is_known(column, scope, schema) or _orders(column)):
                refuse_column(column, tree, schema)


def _expand_order(select: exp.Select) -> None:
    """Say the aliases inside of expressions in ORDER BY as what they stand for."""
    order = select.args.get("order")
    if order is None:
        return
    outputs = {each.alias_or_name: each.unalias() for each in select.selects}
    for column in list(order.find_all(exp.Column)):
        if not column.table and column.name in outputs and not isinstance(
            column.parent, exp.Ordered
        ):  # fmt: skip
            column.replace(exp.Paren(this=outputs[column.name].copy()))


def _orders(column: exp.Column) -> bool:
    """Return whether a column is an alias by which rows are ordered."""
    if column.table or not isinstance(column.parent, exp.Ordered):
        return False
    query = column.find_ancestor(exp.Query)
    return isinstance(query, exp.Query) and column.name in query.named_selects


def _is_known(column: exp.Column, scope: Scope, schema: Mapping[str, Mapping[str, Any]]) -> bool:
    at: Scope | None = scope
    while at is not None:
        source = at.sources.get(column.table) if column.table else None
        if isinstance(source, exp.Table):
            names = source.alias_column_names or schema.get(source.db, {}).get(source.name, ())
            return column.name in names
        if source is not None:
            return column.name in _outputs(source)
        at = at.parent
    return False


def _outputs(source: Scope) -> list[str]:
    """Return the columns that a subquery, a VALUES or an UNNEST gives."""
    expression = source.expression
    if isinstance(expression, exp.UDTF):
        return [str(name) for name in expression.alias_column_names]
    return list(expression.named_selects) if isinstance(expression, exp.Query) else []


def refuse_column(
    column: exp.Column, tree: exp.Query, schema: Mapping[str, Mapping[str, Any]]
) -> None:
    """Refuse a column that no table has, and say which ones they have.

    Raises:
        RefusalError: Always.
    """
    tables = dict.fromkeys((table.db, table.name) for table in tree.find_all(exp.Table))
    found = [
        f"{database}.{table} has {_listed(schema[database][table])}."
        for database, table in tables
        if table in schema.get(database, {})
    ]
    owners = [
        table
        for database, table in tables
        if column.name in schema.get(database, {}).get(table, ())
    ]
    if len(owners) > 1 or (owners and not column.table and len(list(tree.find_all(exp.Table))) > 1):
        raise RefusalError(
            f"the column {column.name!r} is in several tables that are joined.",
            f"Write TABLE.{column.name}.",
            column,
        )
    raise RefusalError(
        f"there is no column {column.name!r}.",
        " ".join(found) or "The query reads no table; write FROM ${table}.",
        column,
    )


def _listed(names: Mapping[str, Any]) -> str:
    more = len(names) - _MOST_SHOWN
    text = ", ".join([*names][:_MOST_SHOWN])
    return f"{text} and {more} more" if more > 0 else text
