"""Say a query of Athena's in DuckDB's SQL, so that it means the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generators.duckdb import DuckDBGenerator

from sagetabular.jobs.athena_sql.in_duckdb.calls import rewrite_call
from sagetabular.jobs.athena_sql.in_duckdb.casting import call, cast_as_trino, duckdb_type, to_type
from sagetabular.jobs.athena_sql.in_duckdb.decimals import check_remainder, divided
from sagetabular.jobs.athena_sql.in_duckdb.times import PARTS
from sagetabular.jobs.athena_sql.refusals import lake_refusal, shown
from sagetabular.jobs.athena_sql.trino import types as t

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sagetabular.jobs.athena_sql.trino.types import Type

_FLOATING = (t.Kind.FLOAT, t.Kind.DOUBLE)
_SMALL = (t.Kind.TINYINT, t.Kind.SMALLINT)
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "athena_eq", exp.NEQ: "athena_neq", exp.LT: "athena_lt", exp.LTE: "athena_lte",
    exp.GT: "athena_gt", exp.GTE: "athena_gte",
}  # fmt: skip
# Functions that take IGNORE NULLS.
_OF_PLACES = ("first_value", "last_value", "nth_value", "lag", "lead")
# What DuckDB means as Trino does, or is said anew here.
_KNOWN = (
    exp.Add, exp.Alias, exp.And, exp.Anonymous, exp.Array, exp.Between, exp.Boolean, exp.Bracket,
    exp.Case, exp.Cast, exp.Column, exp.CTE, exp.Cube, exp.CurrentDate, exp.CurrentTimestamp,
    exp.DataType, exp.DataTypeParam, exp.Distinct, exp.Div, exp.DPipe, exp.EQ, exp.Escape,
    exp.Except, exp.Exists, exp.Extract, exp.Fetch, exp.Filter, exp.From, exp.Group,
    exp.GroupingSets, exp.GT, exp.GTE, exp.Having, exp.Identifier, exp.If, exp.IgnoreNulls,
    exp.In, exp.Intersect, exp.Interval, exp.Is, exp.Join, exp.Like, exp.Limit, exp.LimitOptions,
    exp.Literal, exp.Localtimestamp, exp.LT, exp.LTE, exp.Mod, exp.Mul, exp.Neg, exp.NEQ, exp.Not,
    exp.Null, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Offset, exp.Or, exp.Order, exp.Ordered,
    exp.Paren, exp.RespectNulls, exp.Rollup, exp.Select, exp.Star, exp.StrPosition, exp.Sub,
    exp.Subquery, exp.Substring, exp.Table, exp.TableAlias, exp.Trim, exp.TryCast, exp.Tuple,
    exp.Union, exp.Unnest, exp.Values, exp.Var, exp.Where, exp.Window, exp.WindowSpec, exp.With,
)  # fmt: skip


class _Generator(DuckDBGenerator):
    """Writes IGNORE NULLS into the brackets of a window function, where DuckDB wants it."""

    def ignorenulls_sql(self, expression: exp.IgnoreNulls) -> str:
        """Return the call with it."""
        return f"{self.sql(expression, 'this').removesuffix(')')} IGNORE NULLS)"

    def respectnulls_sql(self, expression: exp.RespectNulls) -> str:
        """Return the call: nothing else is the rule."""
        return self.sql(expression, "this")


class _DuckDb(DuckDB):
    """DuckDB's dialect, written by our generator."""

    Generator = _Generator


def to_duckdb(tree: exp.Query, now: datetime) -> str:
    """Return an annotated query in DuckDB's SQL.

    Args:
        tree: The query, with a type at each part; it is changed.
        now: What `now()` says, in UTC.

    Raises:
        RefusalError: The local lake cannot say a part of it.
    """
    for node in reversed(list(tree.walk())):
        kind = node.type or t.UNKNOWN
        rewrite = _REWRITES.get(type(node))
        if isinstance(node, exp.Anonymous):
            rewrite_call(node, now)
            continue
        found = rewrite(node, kind) if rewrite else _moment(node, now)
        if found is not None:
            found.type = kind
            node.replace(found)
    return tree.sql(dialect=_DuckDb(), comments=False)


def check_known(tree: exp.Query) -> None:
    """Refuse what the local lake does not know, before its parts are looked at.

    Raises:
        RefusalError: At the first such construct.
    """
    for node in tree.walk():
        _check_known(node)


def _check_known(node: exp.Expr) -> None:
    if not isinstance(node, _KNOWN):
        raise lake_refusal(
            f"the local lake does not know {shown(node)}.",
            "Write it another way, or do it in the table that you add.",
            node,
        )
    if isinstance(node, exp.With) and node.args.get("recursive"):
        raise lake_refusal("the local lake knows no WITH RECURSIVE.", "Write it without.", node)
    if isinstance(node, exp.LimitOptions) and node.args.get("with_ties"):
        raise lake_refusal("the local lake knows no WITH TIES.", "Use rank() in a WHERE.", node)
    if isinstance(node, exp.IgnoreNulls | exp.RespectNulls) and not (
        isinstance(node.parent, exp.Window) and node.this.name.lower() in _OF_PLACES
    ):
        raise lake_refusal(
            f"the local lake knows IGNORE NULLS with window functions alone, got {shown(node)}.",
            f"Use one of {', '.join(_OF_PLACES)}, with OVER, or FILTER (WHERE x IS NOT NULL).",
            node,
        )
    if isinstance(node, exp.Join) and node.method:
        raise lake_refusal("the local lake knows no NATURAL JOIN.", "Write JOIN … USING.", node)
    if isinstance(node, exp.Unnest) and (node.args.get("offset") or len(node.expressions) > 1):
        raise lake_refusal(
            "the local lake takes one array in UNNEST, without ORDINALITY.", "Write it so.", node
        )


def _arithmetic(node: exp.Expr, kind: Type) -> exp.Expr | None:
    sides = ("this", "expression")
    one, other = (node.args[side].type or t.UNKNOWN for side in sides)
    if kind.this in _FLOATING:
        for side in sides:
            value = node.args[side]
            node.set(side, _group(to_type(value, value.type or t.UNKNOWN, kind)))
        if isinstance(node, exp.Div):
            return _real(call("athena_divide_double", node.this, node.expression), kind)
    elif isinstance(node, exp.Div) and t.is_whole(kind):
        return exp.Paren(
            this=exp.IntDiv(this=_group(node.this), expression=_group(node.expression))
        )
    elif isinstance(node, exp.Div) and kind.this == t.Kind.DECIMAL:
        return divided(node.this, one, node.expression, other, kind)
    elif t.is_whole(kind) and {one.this, other.this} & {*_SMALL}:
        for side in sides:
            node.set(side, exp.Cast(this=node.args[side], to=duckdb_type(kind)))
    elif isinstance(node, exp.Mod) and kind.this == t.Kind.DECIMAL:
        check_remainder(node, one, other)
        return exp.Paren(this=node.copy())
    elif kind.this in (t.Kind.DATE, t.Kind.NULL) and isinstance(node, exp.Add | exp.Sub):
        return (
            exp.Cast(this=node.copy(), to=duckdb_type(kind)) if kind.this == t.Kind.DATE else None
        )
    return None


def _comparison(node: exp.Expr, _kind: Type) -> exp.Expr | None:
    common = t.common(node.this.type or t.UNKNOWN, node.expression.type or t.UNKNOWN)
    if common is None or common.this not in _FLOATING:
        return None
    sides = [to_type(each, each.type or t.UNKNOWN, common) for each in (node.this, node.expression)]
    return call(_COMPARISONS[type(node)], *sides)


def _between(node: exp.Between, _kind: Type) -> exp.Expr | None:
    parts = [node.this, node.args["low"], node.args["high"]]
    common = t.common_of([part.type or t.UNKNOWN for part in parts])
    if common is None or common.this not in _FLOATING:
        return None
    value, low, high = (to_type(each, each.type or t.UNKNOWN, common) for each in parts)
    return exp.Paren(
        this=exp.And(
            this=call("athena_gte", value, low), expression=call("athena_lte", value.copy(), high)
        )
    )


def _choice(node: exp.Expr, kind: Type) -> exp.Expr | None:
    """Bring the branches of CASE and IF to their common type."""
    holders = [(node, key) for key in ("true", "false", "default")]
    for holder, key in holders:
        branch = holder.args.get(key)
        if branch is not None:
            wanted = node.parent.type if isinstance(node.parent, exp.Case) else kind
            holder.set(key, to_type(branch, branch.type or t.UNKNOWN, wanted or kind))
    return None


def _cast(node: exp.Cast, kind: Type) -> exp.Expr:
    source = node.this.type or t.UNKNOWN
    return cast_as_trino(node, source, kind)


def _extract(node: exp.Extract, _kind: Type) -> exp.Expr:
    return call(PARTS[node.name.upper()], node.expression)


def _position(node: exp.StrPosition, _kind: Type) -> exp.Expr:
    return call("strpos", node.this, node.args["substr"])


def _substring(node: exp.Substring, _kind: Type) -> exp.Expr:
    length = node.args.get("length")
    if length is None:
        return call("athena_substr_from", node.this, node.args["start"])
    return call("athena_substr", node.this, node.args["start"], length)


def _trim(node: exp.Trim, _kind: Type) -> exp.Expr:
    side = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(node.args.get("position") or "", "trim")
    if node.expression is None:
        return call(f"athena_{side}", node.this)
    return call(side, node.this, node.expression)


def _bracket(node: exp.Bracket, _kind: Type) -> exp.Expr:
    index = node.expressions[0]
    if not (isinstance(index, exp.Literal) and index.name.isdigit()):
        raise lake_refusal(
            f"the local lake knows no such place in an array, got {shown(node)}.",
            "Write a number, or element_at(array, index).",
            node,
        )
    place = exp.Literal.number(int(index.name) + 1)  # the parser counts from 0
    return call("athena_subscript", node.this, place)


def _moment(node: exp.Expr, now: datetime) -> exp.Expr | None:
    if isinstance(node, exp.CurrentDate):
        return exp.Cast(this=exp.Literal.string(f"{now:%Y-%m-%d}"), to=t.DATE.copy())
    if isinstance(node, exp.CurrentTimestamp | exp.Localtimestamp):
        text = now.isoformat(" ", "milliseconds").partition("+")[0]
        return exp.Cast(this=exp.Literal.string(text), to=t.TIMESTAMP.copy())
    return None


def _real(value: exp.Expr, kind: Type) -> exp.Expr:
    """Return a quotient in the type that it has."""
    return exp.Cast(this=value, to=duckdb_type(kind)) if kind.this == t.Kind.FLOAT else value


def _group(value: exp.Expr) -> exp.Expr:
    return exp.Paren(this=value) if isinstance(value, exp.Binary) else value


_REWRITES: dict[type[exp.Expr], Callable[..., exp.Expr | None]] = {
    exp.Between: _between,
    exp.Bracket: _bracket,
    exp.Case: _choice,
    exp.If: _choice,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Extract: _extract,
    exp.StrPosition: _position,
    exp.Substring: _substring,
    exp.Trim: _trim,
    **dict.fromkeys(_COMPARISONS, _comparison),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), _arithmetic),
}
