"""The types of operators, and what Trino refuses between them.

Sources: trino.io/docs/current/functions (decimal, comparison, logical, datetime, string), and the
operators' classes in Trino's code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sagetabular.jobs.athena_sql.refusals import RefusalError, lake_refusal, shown
from sagetabular.jobs.athena_sql.trino import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sagetabular.jobs.athena_sql.trino.types import Type

CAST_REMEDY = "Bring both to one type with CAST(… AS …)."


class OperatorRules:
    """The rules for the types of operators.

    Attributes:
        lake: Whether the local lake is to answer, and not Athena.
    """

    def __init__(self, *, lake: bool) -> None:
        self.lake = lake

    def arithmetic(self, node: exp.Binary) -> Type:
        """Return the type of `+ - * / %`."""
        one, other = kind_of(node.this), kind_of(node.expression)
        if t.is_numeric(one) and t.is_numeric(other):
            found = _ARITHMETIC[type(node)](one, other)
            self._check_scale(found, node)
            return found
        if isinstance(node, exp.Add | exp.Sub) and t.Kind.INTERVAL in (one.this, other.this):
            return self._moved(node, one, other)
        for kind in (one, other):
            if not (t.is_numeric(kind) or kind.this in (t.Kind.UNKNOWN, t.Kind.NULL)):
                if isinstance(node, exp.Sub) and t.common(one, other) and is_moment(kind):
                    self.not_here(node, "date_diff(unit, a, b)")
                    return t.INTERVAL
                raise RefusalError(
                    f"{shown(node)} is arithmetic, got {t.name_of(one)} and {t.name_of(other)}.",
                    "CAST to a number, or use date_add and date_diff for times.",
                    node,
                )
        return self.known(t.NULL if t.is_known(one) and t.is_known(other) else t.UNKNOWN, node)

    def _check_scale(self, kind: Type, node: exp.Expr) -> None:
        if kind.this == t.Kind.DECIMAL and t.digits_and_scale(kind)[1] > t.MOST_DIGITS:
            raise RefusalError(
                f"{shown(node)} would have more than {t.MOST_DIGITS} digits.",
                "CAST its parts to double, or to decimals with fewer digits.",
                node,
            )

    def _moved(self, node: exp.Binary, one: Type, other: Type) -> Type:
        """Return the type of a time plus or minus an interval."""
        moment = other if one.this == t.Kind.INTERVAL else one
        wrong = isinstance(node, exp.Sub) and one.this == t.Kind.INTERVAL != other.this
        if moment.this == t.Kind.INTERVAL or wrong or not (
            is_moment(moment) or not t.is_known(moment)
        ):  # fmt: skip
            self.not_here(node, "one interval beside a date or timestamp")
        if moment.this == t.Kind.DATE and _unit(node) in ("HOUR", "MINUTE", "SECOND"):
            raise RefusalError(
                f"a date has no {_unit(node).lower()}s, got {shown(node)}.",
                "CAST it to timestamp first.",
                node,
            )
        return self.known(moment, node)

    def negative(self, node: exp.Neg) -> Type:
        """Return the type of `-x`."""
        kind = kind_of(node.this)
        if not (t.is_numeric(kind) or kind.this in (t.Kind.UNKNOWN, t.Kind.NULL, t.Kind.INTERVAL)):
            raise RefusalError(
                f"{shown(node)} is arithmetic, got {t.name_of(kind)}.", "CAST it to a number.", node
            )
        return kind

    def comparison(self, node: exp.Binary) -> Type:
        """Check both sides of a comparison."""
        self.meet((node.this, node.expression), node)
        return t.BOOLEAN

    def between(self, node: exp.Between) -> Type:
        """Check a value beside its bounds."""
        self.meet((node.this, node.args["low"], node.args["high"]), node)
        return t.BOOLEAN

    def within(self, node: exp.In) -> Type:
        """Check a value beside a list or a subquery."""
        query = node.args.get("query")
        values = [query] if query is not None else node.expressions
        self.meet((node.this, *values), node)
        return t.BOOLEAN

    def logical(self, node: exp.Expr) -> Type:
        """Check that conditions are conditions."""
        for part in (node.this, node.args.get("expression")):
            if part is not None:
                self.condition(part)
        return t.BOOLEAN

    def condition(self, part: exp.Expr) -> None:
        """Refuse what is no condition."""
        kind = kind_of(part)
        if kind.this not in (t.Kind.BOOLEAN, t.Kind.UNKNOWN, t.Kind.NULL):
            raise RefusalError(
                f"a condition must be true or false, got {shown(part)} of type {t.name_of(kind)}.",
                "Compare it with something: x <> 0.",
                part,
            )

    def text(self, node: exp.Expr) -> Type:
        """Check LIKE, which is between texts."""
        for part in (node.this, node.args["expression"]):
            self.be(part, t.VARCHAR, node)
        return t.BOOLEAN

    def concatenation(self, node: exp.DPipe) -> Type:
        """Return the type of `||`."""
        one, other = kind_of(node.this), kind_of(node.expression)
        if t.Kind.ARRAY in (one.this, other.this):
            return self.known(t.UNKNOWN, node)
        for part in (node.this, node.expression):
            self.be(part, t.VARCHAR, node)
        return t.VARCHAR

    def escape(self, node: exp.Escape) -> Type:
        """Return the type of a LIKE with ESCAPE."""
        return kind_of(node.this)

    def meet(self, parts: Sequence[exp.Expr], node: exp.Expr) -> Type:
        """Return the type that parts have in common, or refuse that they have none."""
        kinds = [kind_of(part) for part in parts]
        found = t.common_of(kinds)
        if found is None:
            got = " and ".join(dict.fromkeys(t.name_of(kind) for kind in kinds))
            raise RefusalError(f"{shown(node)} compares or mixes {got}.", CAST_REMEDY, node)
        return found

    def be(self, part: exp.Expr, wanted: Type, node: exp.Expr) -> None:
        """Refuse a part that is of another type."""
        kind = kind_of(part)
        if kind.this not in (wanted.this, t.Kind.UNKNOWN, t.Kind.NULL):
            raise RefusalError(
                f"{shown(node)} needs {t.name_of(wanted)}, got {shown(part)} of type "
                f"{t.name_of(kind)}.",
                f"Write CAST({shown(part)} AS {t.name_of(wanted)}).",
                node,
            )

    def known(self, kind: Type, node: exp.Expr) -> Type:
        """Return a type; the local lake needs to know it."""
        if self.lake and not t.is_known(kind):
            raise lake_refusal(
                f"the local lake cannot tell the type of {shown(node)}.",
                "CAST what it is made of.",
                node,
            )
        return kind

    def not_here(self, node: exp.Expr, remedy: str, construct: str = "") -> None:
        """Refuse what Athena takes, if the local lake is to answer."""
        if self.lake:
            raise lake_refusal(
                f"the local lake does not know {construct or shown(node)}.",
                f"Write {remedy}.",
                node,
            )


_ARITHMETIC: dict[type[exp.Expr], Callable[[Type, Type], Type]] = {
    exp.Add: t.sum_type,
    exp.Sub: t.sum_type,
    exp.Mul: t.product_type,
    exp.Div: t.quotient_type,
    exp.Mod: t.remainder_type,
}


def kind_of(node: exp.Expr) -> Type:
    """Return the type of a part; that of a subquery is its first column's."""
    if isinstance(node, exp.Query) and not isinstance(node, exp.Subquery):
        return kind_of(node.selects[0]) if node.selects else t.UNKNOWN
    return node.type or t.UNKNOWN


def is_moment(kind: Type) -> bool:
    """Return whether it is a date or timestamp."""
    return kind.this in (t.Kind.DATE, t.Kind.TIMESTAMP, t.Kind.TIMESTAMPTZ)


def _unit(node: exp.Expr) -> str:
    interval = node.find(exp.Interval)
    return interval.args["unit"].name.upper() if interval is not None else ""
