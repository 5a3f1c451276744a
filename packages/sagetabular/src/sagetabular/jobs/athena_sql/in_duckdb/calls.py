"""Calls of Trino's functions as calls of DuckDB's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from sagetabular.jobs.athena_sql.in_duckdb.casting import call, cast_as_trino, duckdb_type, to_type
from sagetabular.jobs.athena_sql.in_duckdb.decimals import check_remainder, divided
from sagetabular.jobs.athena_sql.in_duckdb.times import INTERVALS, reading, strftime_format, unit_of
from sagetabular.jobs.athena_sql.refusals import lake_refusal, shown
from sagetabular.jobs.athena_sql.trino import types as t
from sagetabular.jobs.athena_sql.trino.signatures import SIGNATURE, arguments_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sagetabular.jobs.athena_sql.trino.signatures import Signature
    from sagetabular.jobs.athena_sql.trino.types import Type

# What may stand around the call of an aggregate, and belongs to it.
_AROUND = (exp.Filter, exp.Window, exp.IgnoreNulls, exp.RespectNulls)
# Aggregates whose results are wider in DuckDB.
_WIDER = ("sum", "count_if")
_REFERENCE = re.compile(r"\$(\d)")
# A group that may take no part in a match: DuckDB gives '' for it, Trino NULL.
_OPTIONAL_GROUP = re.compile(r"\)[?*]|\)\{0|\|")
# Java's classes of characters may hold others, and intersect them; RE2 takes the signs for letters.
_CLASS_IN_CLASS = re.compile(r"\[[^\]]*(?:&&|\[(?!:))")


def rewrite_call(node: exp.Anonymous, now: datetime) -> None:
    """Replace a call by one of DuckDB's that means the same.

    Args:
        node: The call, with its signature noted and its arguments rewritten.
        now: What `now()` says, in UTC.

    Raises:
        RefusalError: The local lake cannot do it with these arguments.
    """
    kind = node.type or t.UNKNOWN
    if node.name.lower() == "now":
        text = now.isoformat(" ", "milliseconds").partition("+")[0]
        _put(node, exp.Cast(this=exp.Literal.string(text), to=t.TIMESTAMP.copy()), kind)
        return
    signature: Signature = node.meta[SIGNATURE]
    arguments = arguments_of(node)
    kinds = [each.type or t.UNKNOWN for each in arguments]
    if node.name.lower().startswith("regexp_"):
        _check_pattern(node, arguments[1])
    _bring_to_types(signature, arguments, kinds, kind)
    special = _SPECIAL.get(signature.duckdb)
    if special is not None:
        special(node, arguments_of(node), kinds)
        return
    node.set("this", signature.duckdb)
    outermost = _outermost(node)
    if t.is_numeric(kind) and (not signature.aggregate or node.name in _WIDER):
        _put(outermost, exp.Cast(this=outermost.copy(), to=duckdb_type(kind)), kind)


def _put(node: exp.Expr, found: exp.Expr, kind: Type) -> None:
    found.type = kind
    node.replace(found)


def _outermost(node: exp.Expr) -> exp.Expr:
    """Return a call with the FILTER and OVER that belong to it."""
    while isinstance(node.parent, _AROUND) and node.parent.this is node:
        node = node.parent
    return node


def _bring_to_types(
    signature: Signature, arguments: list[exp.Expr], kinds: list[Type], kind: Type
) -> None:
    """Cast the arguments that Trino casts by itself."""
    for place, (argument, given) in enumerate(zip(arguments, kinds, strict=True)):
        wanted = given
        if signature.parameter(place) == "double":
            wanted = t.DOUBLE
        elif signature.result == "common" and signature.parameter(place) == "any":
            wanted = kind
        if wanted.this != given.this or (signature.result == "common" and wanted != given):
            argument.replace(to_type(argument.copy(), given, wanted))


def _operator(node: exp.Anonymous, arguments: list[exp.Expr], _kinds: list[Type]) -> None:
    found = arguments[0].copy()
    for argument in arguments[1:]:
        found = exp.DPipe(this=found, expression=argument.copy())
    _put(node, exp.Paren(this=found), t.VARCHAR)


def _modulo(node: exp.Anonymous, arguments: list[exp.Expr], kinds: list[Type]) -> None:
    kind = node.type or t.UNKNOWN
    if kind.this == t.Kind.DECIMAL:
        check_remainder(node, *kinds)
    sides = [to_type(each.copy(), of, kind) if kind.this in (t.Kind.DOUBLE, t.Kind.FLOAT) else
             each.copy() for each, of in zip(arguments, kinds, strict=True)]  # fmt: skip
    _put(node, exp.Paren(this=exp.Mod(this=exp.Paren(this=sides[0]), expression=sides[1])), kind)


def _extreme(node: exp.Anonymous, arguments: list[exp.Expr], _kinds: list[Type]) -> None:
    """Say that one NULL makes the greatest or least NULL."""
    kind = node.type or t.UNKNOWN
    empty = [exp.Is(this=each.copy(), expression=exp.Null()) for each in arguments]
    plain = call(node.name.lower(), *(each.copy() for each in arguments))
    missing = exp.If(this=exp.or_(*empty, copy=False), true=exp.Null())
    _put(node, exp.Paren(this=exp.Case(ifs=[missing], default=plain)), kind)


def _date(node: exp.Anonymous, arguments: list[exp.Expr], kinds: list[Type]) -> None:
    cast = exp.Cast(this=arguments[0].copy(), to=t.DATE.copy())
    _put(node, cast_as_trino(cast, kinds[0], t.DATE), t.DATE)


def _date_trunc(node: exp.Anonymous, arguments: list[exp.Expr], kinds: list[Type]) -> None:
    unit = unit_of(node, arguments[0], kinds[1])
    found = call("date_trunc", exp.Literal.string(unit), arguments[1].copy())
    _put(node, exp.Cast(this=found, to=duckdb_type(kinds[1])), kinds[1])


def _date_add(node: exp.Anonymous, arguments: list[exp.Expr], kinds: list[Type]) -> None:
    interval, times = INTERVALS[unit_of(node, arguments[0], kinds[2])]
    amount = exp.Mul(this=exp.Paren(this=arguments[1].copy()), expression=exp.Literal.number(times))
    whole = exp.Cast(this=amount, to=t.INTEGER.copy())
    found = exp.Add(this=arguments[2].copy(), expression=call(interval, whole))
    _put(node, exp.Cast(this=found, to=duckdb_type(kinds[2])), kinds[2])


def _date_diff(node: exp.Anonymous, arguments: list[exp.Expr], kinds: list[Type]) -> None:
    unit = unit_of(node, arguments[0], *kinds[1:])
    ends = [exp.Cast(this=each.copy(), to=t.TIMESTAMP.copy()) for each in arguments[1:]]
    _put(node, call("date_sub", exp.Literal.string(unit), *ends), t.BIGINT)


def _date_format(node: exp.Anonymous, arguments: list[exp.Expr], _kinds: list[Type]) -> None:
    moment = exp.Cast(this=arguments[0].copy(), to=t.TIMESTAMP.copy())
    written = strftime_format(node, arguments[1])
    _put(node, call("strftime", moment, written), t.VARCHAR)


def _date_parse(node: exp.Anonymous, arguments: list[exp.Expr], _kinds: list[Type]) -> None:
    how = reading(node, arguments[1])
    formats = exp.Array(expressions=[exp.Literal.string(each) for each in how.formats])
    found = call(
        "athena_date_parse_short_year" if how.short_year else "athena_date_parse",
        arguments[0].copy(),
        exp.Literal.string(how.pattern),
        formats,
    )
    _put(node, found, t.TIMESTAMP)


def _check_pattern(node: exp.Anonymous, pattern: exp.Expr) -> None:
    unescaped = re.sub(r"\\.", "", pattern.name) if isinstance(pattern, exp.Literal) else ""
    if _CLASS_IN_CLASS.search(unescaped):
        raise lake_refusal(
            f"the local lake knows no class of characters within another, got {shown(node)}.",
            "Write one class, such as [ac-z] for [a-z&&[^b]].",
            node,
        )


def _regexp_group(node: exp.Anonymous, arguments: list[exp.Expr], _kinds: list[Type]) -> None:
    pattern, group = arguments[1], arguments[2]
    texts = isinstance(pattern, exp.Literal) and isinstance(group, exp.Literal)
    if not texts or (group.name != "0" and _OPTIONAL_GROUP.search(pattern.name)):
        raise lake_refusal(
            f"the local lake cannot tell whether a group has matched, got {shown(node)}.",
            "Write the pattern and the group's number as they are, without groups that may miss.",
            node,
        )
    node.set("this", "athena_regexp_group")


def _regexp_replace(node: exp.Anonymous, arguments: list[exp.Expr], _kinds: list[Type]) -> None:
    written = arguments[2]
    if not isinstance(written, exp.Literal):
        raise lake_refusal(
            f"what replaces a match must be a text in quotes, got {shown(node)}.",
            "Write it so, with $1 for a group.",
            node,
        )
    if re.search(r"\$\{|\$(?!\d)|\\", written.name):
        raise lake_refusal(
            f"the local lake knows $1 to $9 alone in what replaces a match, got {shown(node)}.",
            "Number the groups.",
            node,
        )
    text = _REFERENCE.sub(r"\\\1", written.name)
    written.replace(exp.Literal.string(text))
    node.set("this", "athena_regexp_replace")


def _average(node: exp.Anonymous, _arguments: list[exp.Expr], _kinds: list[Type]) -> None:
    """Say the average of exact numbers as a sum and a count, divided as exact numbers are."""
    kind = node.type or t.UNKNOWN
    node.set("this", "avg")
    outermost = _outermost(node)
    if kind.this != t.Kind.DECIMAL:
        if kind.this == t.Kind.FLOAT:
            _put(outermost, exp.Cast(this=outermost.copy(), to=duckdb_type(kind)), kind)
        return
    parts = [outermost.copy() for _ in range(2)]
    for part, name in zip(parts, ("sum", "count"), strict=True):
        inner = part
        while not isinstance(inner, exp.Anonymous):
            inner = inner.this
        inner.set("this", name)
    total = t.decimal(t.MOST_DIGITS, t.digits_and_scale(kind)[1])
    _put(outermost, divided(parts[0], total, parts[1], t.BIGINT, kind), kind)


def _by(node: exp.Anonymous, _arguments: list[exp.Expr], _kinds: list[Type]) -> None:
    """Keep a NULL that stands beside the extreme, as Trino does."""
    node.set("this", "arg_max_null" if node.name.lower() == "max_by" else "arg_min_null")


def _rename(name: str) -> Callable[[exp.Anonymous, list[exp.Expr], list[Type]], None]:
    """Return what calls a function by another name, without a cast."""

    def rename(node: exp.Anonymous, _arguments: list[exp.Expr], _kinds: list[Type]) -> None:
        node.set("this", name)

    return rename


_SPECIAL: dict[str, Callable[[exp.Anonymous, list[exp.Expr], list[Type]], None]] = {
    "||": _operator,
    "%": _modulo,
    "greatest": _extreme,
    "least": _extreme,
    "coalesce": _rename("coalesce"),
    "cast": _date,
    "date_trunc": _date_trunc,
    "date_add": _date_add,
    "date_diff": _date_diff,
    "strftime": _date_format,
    "strptime": _date_parse,
    "athena_regexp_group": _regexp_group,
    "athena_regexp_replace": _regexp_replace,
    "athena_avg": _average,
    "max_by": _by,
    "min_by": _by,
    "try": _rename("try"),
}
