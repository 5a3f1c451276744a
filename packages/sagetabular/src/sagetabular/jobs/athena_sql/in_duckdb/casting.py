"""CAST as Trino does it, said in DuckDB's SQL.

Sources: Trino's `DoubleOperators`, `VarcharOperators`, `DecimalConversions` and their tests: half
up, away from zero, where digits are lost; texts as Java reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sagetabular.jobs.athena_sql.refusals import lake_refusal, shown
from sagetabular.jobs.athena_sql.trino import types as t

if TYPE_CHECKING:
    from sagetabular.jobs.athena_sql.trino.types import Type

# A double holds any whole number of so many digits.
_EXACT_DIGITS = 15
_FLOATING = (t.Kind.FLOAT, t.Kind.DOUBLE)
_NAMES = {t.Kind.INT: "integer", t.Kind.FLOAT: "real"}
_TARGETS = (*t.NUMERIC, t.Kind.BOOLEAN, t.Kind.VARCHAR, t.Kind.DATE, t.Kind.TIMESTAMP)


def cast_as_trino(node: exp.Cast, source: Type, target: Type) -> exp.Expr:
    """Return a cast in DuckDB's SQL.

    Args:
        node: The CAST or TRY_CAST.
        source: The type of what it casts.
        target: The type that it makes.

    Raises:
        RefusalError: The local lake cannot do it.
    """
    _check_here(node, source, target)
    value, trying = node.this, isinstance(node, exp.TryCast)
    if source.this == t.Kind.VARCHAR and target.this == t.Kind.DECIMAL:
        return _from_text(value, target, trying=trying)
    if source.this == target.this == t.Kind.VARCHAR:
        return _cut(node, value)
    if source.this == t.Kind.VARCHAR:
        name = _NAMES.get(target.this, str(target.this.value).lower())
        return call(f"athena_{'try_' * trying}{name}", value)
    return _plain(_prepared(value, source, target), target, trying=trying)


def to_type(value: exp.Expr, source: Type, target: Type) -> exp.Expr:
    """Return a value that Trino has brought from one type to another by itself."""
    if source.this == target.this and source.this != t.Kind.DECIMAL:
        return value
    return _plain(_prepared(value, source, target), target, trying=False)


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """Return a call of a function or macro of DuckDB's."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def duckdb_type(kind: Type) -> Type:
    """Return a type as DuckDB is told it."""
    if kind.this == t.Kind.TIMESTAMPTZ:  # kept in UTC, without a zone
        return t.TIMESTAMP.copy()
    return kind.copy()


def _check_here(node: exp.Cast, source: Type, target: Type) -> None:
    """Refuse what Trino can, and the lake cannot."""
    to = node.to
    if target.this not in _TARGETS:
        raise lake_refusal(
            f"the local lake has no type {t.name_of(target)}, got {shown(node)}.",
            "CAST to a number, varchar, boolean, date or timestamp.",
            node,
        )
    if target.this == t.Kind.TIMESTAMP and [each.name for each in to.expressions] not in (
        [],
        ["3"],
    ):
        raise lake_refusal(
            f"a timestamp has three digits below the second, got {shown(node)}.",
            "Write CAST(… AS timestamp).",
            node,
        )
    if target.this == t.Kind.VARCHAR and source.this in (*_FLOATING, t.Kind.TIMESTAMPTZ):
        raise lake_refusal(
            f"versions of Athena write a {t.name_of(source)} differently, got {shown(node)}.",
            "CAST to decimal(p, s) first: its digits are the same everywhere.",
            node,
        )
    if target.this == t.Kind.VARCHAR and to.expressions and source.this != t.Kind.VARCHAR:
        raise lake_refusal(
            f"the local lake does not cut what is no text, got {shown(node)}.",
            "CAST to varchar, and cut with substr.",
            node,
        )


def _from_text(value: exp.Expr, target: Type, *, trying: bool) -> exp.Expr:
    failed = exp.DPipe(
        this=exp.DPipe(this=exp.Literal.string("Cannot cast '"), expression=value.copy()),
        expression=exp.Literal.string(f"' to {t.name_of(target)}"),
    )
    good = exp.If(
        this=call("athena_is_decimal", value.copy()), true=_plain(value, target, trying=trying)
    )
    return exp.Case(ifs=[good], default=None if trying else _plain(failed, target, trying=False))


def _cut(node: exp.Cast, value: exp.Expr) -> exp.Expr:
    sizes = node.to.expressions
    if not sizes:
        return value
    return call("athena_substr", value, exp.Literal.number(1), exp.Literal.number(sizes[0].name))


def _prepared(value: exp.Expr, source: Type, target: Type) -> exp.Expr:
    """Return a value from which DuckDB's own cast comes to Trino's result."""
    if source.this in _FLOATING and t.is_whole(target):
        return call("round", value)
    if source.this in _FLOATING and target.this == t.Kind.DECIMAL:
        return _plain(value, t.VARCHAR, trying=False)  # the shortest digits, as Java's valueOf
    if source.this == t.Kind.DECIMAL and target.this in _FLOATING:
        digits, _ = t.digits_and_scale(source)
        return _plain(value, t.VARCHAR, trying=False) if digits > _EXACT_DIGITS else value
    if source.this == t.Kind.TIMESTAMP and target.this == t.Kind.VARCHAR:
        return call("strftime", value, exp.Literal.string("%Y-%m-%d %H:%M:%S.%g"))
    return value


def _plain(value: exp.Expr, target: Type, *, trying: bool) -> exp.Expr:
    kind = exp.TryCast if trying else exp.Cast
    return kind(this=value, to=duckdb_type(target))
