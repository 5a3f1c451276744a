"""Names: what the result's columns are called, and where an alias can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sagetabular.jobs.athena_sql.refusals import RefusalError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sagetabular.jobs.athena_sql.parsing import Parsed

# Clauses that Trino evaluates before there are aliases.
_BEFORE_ALIASES = ("where", "group", "having")


def check_names(parsed: Parsed, columns: Iterable[str]) -> None:
    """Refuse columns of the result without a name of their own, and aliases that cannot be seen.

    Args:
        parsed: The query.
        columns: Columns that the tables are known to have; an alias may be called like one.

    Raises:
        RefusalError: At the first such name.
    """
    for query in _outermost(parsed.tree):
        for column in query.expressions:
            _check_output(column)
    known = {name.lower() for name in columns}
    selects = list(parsed.tree.find_all(exp.Select))
    for select in selects:
        inner = {name for other in selects if other is not select for name in _aliases(other)}
        _check_aliases(select, known | inner)


def check_column_name(name: str, remedy: str, place: exp.Expr | int = 0) -> None:
    """Refuse the name of a column that Athena writes to no file.

    Source: Trino's `HiveMetadata`, "Hive column names must not …".

    Raises:
        RefusalError: It has a comma, or a blank at an end.
    """
    if "," in name:
        raise RefusalError(
            f"Athena takes no column whose name has a comma, got {name!r}.", remedy, place
        )
    if name != name.strip(" ") or not name:
        raise RefusalError(
            f"Athena takes no column whose name has a blank at an end, got {name!r}.", remedy, place
        )


def _outermost(tree: exp.Expr) -> Iterator[exp.Select]:
    """Yield the SELECT that names the result's columns."""
    while isinstance(tree, exp.Subquery | exp.SetOperation):
        tree = tree.this
    if isinstance(tree, exp.Select):
        yield tree


def _check_output(column: exp.Expr) -> None:
    if isinstance(column, exp.Alias):
        check_column_name(column.alias, "Write another name behind AS.", column.args["alias"])
    elif not column.is_star and not isinstance(column, exp.Column):
        raise RefusalError(
            f"every column of the result must have a name, got {shown(column)}.",
            "Write AS and a name behind it.",
            column,
        )


def _aliases(select: exp.Select) -> dict[str, exp.Alias]:
    """Return the aliases that a SELECT gives, by their names in lower case."""
    return {each.alias.lower(): each for each in select.expressions if isinstance(each, exp.Alias)}


def _check_aliases(select: exp.Select, columns: set[str]) -> None:
    hidden = {
        name: alias
        for name, alias in _aliases(select).items()
        # What is made of a column of this name does not hide it.
        if name not in columns and name not in {each.name.lower() for each in _bare(alias.this)}
    }
    if not hidden:
        return
    clauses = [(key.upper(), select.args[key]) for key in _BEFORE_ALIASES if select.args.get(key)]
    for clause, tree in clauses:
        for column in _bare(tree):
            if column.name.lower() in hidden:
                _refuse(column, f"in {clause}{' BY' if clause == 'GROUP' else ''}")
    for each in select.expressions:
        for column in _bare(each):
            if column.name.lower() in hidden:
                _refuse(column, "in the SELECT that gives it")


def _bare(tree: exp.Expr) -> Iterator[exp.Column]:
    """Yield the columns that are named without a table, and not in a SELECT of their own."""
    for node in tree.walk(prune=lambda each: isinstance(each, exp.Query)):
        if isinstance(node, exp.Column) and not node.table and not node.is_star:
            yield node


def _refuse(column: exp.Column, where: str) -> None:
    raise RefusalError(
        f"the alias {column.name} cannot be used {where}.",
        f"Repeat what it stands for, or write TABLE.{column.name} if the table has that column.",
        column,
    )
