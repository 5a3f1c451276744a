"""Division of exact numbers as Trino does it, said in DuckDB's SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sagetabular.jobs.athena_sql.in_duckdb.casting import call, duckdb_type
from sagetabular.jobs.athena_sql.refusals import lake_refusal, shown
from sagetabular.jobs.athena_sql.trino import types as t

if TYPE_CHECKING:
    from sagetabular.jobs.athena_sql.trino.types import Type


def divided(one: exp.Expr, first: Type, other: exp.Expr, second: Type, kind: Type) -> exp.Expr:
    """Return a quotient of exact numbers, rounded half up to the digits that Trino gives it.

    Args:
        one: What is divided.
        first: Its type.
        other: The divisor.
        second: Its type.
        kind: The type of the quotient.
    """
    scale = t.digits_and_scale(kind)[1]
    shift = scale + t.digits_and_scale(second)[1] - t.digits_and_scale(first)[1]
    hugeint = exp.DataType.build("HUGEINT", dialect="duckdb")
    power = exp.Cast(this=exp.Literal.string("1" + "0" * shift), to=hugeint)
    units = [
        exp.Cast(this=value, to=hugeint.copy()) if t.is_whole(of) else call("athena_units", value)
        for value, of in ((one, first), (other, second))
    ]
    quotient = call("athena_half_up", exp.Mul(this=units[0], expression=power), units[1])
    text = call("athena_point", quotient, exp.Literal.number(scale))
    return exp.Cast(this=text, to=duckdb_type(kind))


def check_remainder(node: exp.Expr, one: Type, other: Type) -> None:
    """Refuse a remainder of exact numbers that DuckDB computes from doubles.

    Args:
        node: The operator or call.
        one: The type of what is divided.
        other: The type of the divisor.

    Raises:
        RefusalError: Both have no type in common that is short enough.
    """
    common = t.common(one, other)
    if common is None or t.digits_and_scale(common)[0] >= t.MOST_DIGITS:
        raise lake_refusal(
            f"{shown(node)} has more digits than the local lake can.",
            "CAST its parts to decimals with fewer digits, or to double.",
            node,
        )
