"""The types of everything but operators: literals, casts, choices, functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sagetabular.jobs.athena_sql.casts import check_cast
from sagetabular.jobs.athena_sql.operators import (
    CAST_REMEDY,
    OperatorRules,
    is_moment,
    kind_of,
)
from sagetabular.jobs.athena_sql.refusals import RefusalError, lake_refusal, shown
from sagetabular.jobs.athena_sql.trino import types as t
from sagetabular.jobs.athena_sql.trino.signatures import SIGNATURE, arguments_of, signatures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sagetabular.jobs.athena_sql.trino.types import Type

_LARGEST_INTEGER, _LARGEST_BIGINT = 2**31 - 1, 2**63 - 1
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)


class Rules(OperatorRules):
    """The rules for the types of a query's parts."""

    def literal(self, node: exp.Literal) -> Type:
        """Return the type of a number or text."""
        if node.is_string:
            return t.VARCHAR
        text = node.name.lower()
        if "e" in text:
            return t.DOUBLE
        if "." in text:
            before, after = text.split(".")
            return t.decimal(max(1, len(before) + len(after)), len(after))
        if not text.isdigit() or int(text) > _LARGEST_BIGINT:
            raise RefusalError(
                f"a whole number must not be above {_LARGEST_BIGINT}, got {text}.",
                "Write it as DECIMAL '…', or with E0 behind it as a double.",
                node,
            )
        return t.INTEGER if int(text) <= _LARGEST_INTEGER else t.BIGINT

    def clause(self, node: exp.Where | exp.Having) -> Type:
        """Check WHERE and HAVING."""
        self.condition(node.this)
        return t.UNKNOWN

    def join(self, node: exp.Join) -> Type:
        """Check what a join is on."""
        if node.args.get("on") is not None:
            self.condition(node.args["on"])
        return t.UNKNOWN

    def choice(self, node: exp.Case | exp.If) -> Type:
        """Return the common type of the branches of CASE or IF."""
        if isinstance(node, exp.If):
            if isinstance(node.parent, exp.Case):
                return kind_of(node.args["true"])
            self.condition(node.this)
            branches = [node.args["true"], node.args.get("false")]
        else:
            for each in node.args["ifs"]:
                if node.this is None:
                    self.condition(each.this)
            if node.this is not None:
                self.meet((node.this, *(each.this for each in node.args["ifs"])), node)
            branches = [*(each.args["true"] for each in node.args["ifs"]), node.args.get("default")]
        return self.meet([each for each in branches if each is not None], node)

    def cast(self, node: exp.Cast) -> Type:
        """Return what a CAST makes."""
        kind = node.to.copy()
        if kind.this == t.Kind.TEXT:
            kind = t.VARCHAR
        if kind.this == t.Kind.DECIMAL:
            kind = t.decimal(*t.digits_and_scale(kind))
        check_cast(node, kind_of(node.this), kind)
        return kind

    def call(self, node: exp.Anonymous) -> Type:
        """Return what a function returns."""
        name, arguments = node.name.lower(), arguments_of(node)
        known = signatures().get(name)
        if known is None:
            self.not_here(node, "it another way, or in the table that you add", f"{name}()")
            return t.UNKNOWN
        kinds = [kind_of(each) for each in arguments]
        fitting = [signature for signature in known if signature.takes(kinds)]
        if fitting:
            node.meta[SIGNATURE] = fitting[0]
            if {"any", "any*"} & {*fitting[0].parameters[1:]}:
                self._meet_in(name, arguments, node)
            found = fitting[0].result_type(kinds)
            same = all(each.result_type(kinds) == found for each in fitting)
            return self.known(found if self.lake or same else t.UNKNOWN, node)
        if self.lake:
            given = ", ".join(map(t.name_of, kinds)) or "nothing"
            ways = "; ".join(", ".join(each.parameters) or "nothing" for each in known)
            raise lake_refusal(
                f"{name}() takes {ways}, got {given}.", "CAST what it is given.", node
            )
        return t.UNKNOWN

    def _meet_in(self, name: str, arguments: Sequence[exp.Expr], node: exp.Expr) -> None:
        """Check the arguments that must have a type in common."""
        if name in ("lag", "lead"):
            arguments = [arguments[0], *arguments[2:]]
        if name == "contains":
            element = t.common(t.element_of(kind_of(arguments[0])), kind_of(arguments[1]))
            if element is None:
                raise RefusalError(f"{shown(node)} mixes types.", CAST_REMEDY, node)
        elif name not in ("min_by", "max_by"):
            self.meet(arguments, node)

    def part_of_time(self, node: exp.Extract) -> Type:
        """Return the type of EXTRACT."""
        kind = kind_of(node.expression)
        if not (is_moment(kind) or kind.this in (t.Kind.UNKNOWN, t.Kind.NULL, t.Kind.INTERVAL)):
            raise RefusalError(
                f"EXTRACT is from a date or timestamp, got {t.name_of(kind)}.", "CAST it.", node
            )
        if kind.this == t.Kind.DATE and node.name.upper() in ("HOUR", "MINUTE", "SECOND"):
            raise RefusalError(
                f"a date has no {node.name.lower()}, got {shown(node)}.",
                "CAST it to timestamp first.",
                node,
            )
        return t.BIGINT

    def subscript(self, node: exp.Bracket) -> Type:
        """Return the type of an array's element."""
        return self.known(t.element_of(kind_of(node.this)), node)

    def array(self, node: exp.Array) -> Type:
        """Return the type of `ARRAY[…]`."""
        return t.array(self.meet(node.expressions, node))

    def unnest(self, node: exp.Unnest) -> Type:
        """Return the type of the column that UNNEST makes."""
        return self.known(t.element_of(kind_of(node.expressions[0])), node)

    def same(self, node: exp.Expr) -> Type:
        """Return the type of what a node holds."""
        return kind_of(node.this)


_FIXED: dict[type[exp.Expr], Type] = {
    exp.Boolean: t.BOOLEAN,
    exp.Null: t.NULL,
    exp.CurrentDate: t.DATE,
    exp.CurrentTimestamp: t.TIMESTAMP_TZ,
    exp.Localtimestamp: t.TIMESTAMP,
    exp.Interval: t.INTERVAL,
    exp.Is: t.BOOLEAN,
    exp.Exists: t.BOOLEAN,
    exp.StrPosition: t.BIGINT,
    exp.Substring: t.VARCHAR,
    exp.Trim: t.VARCHAR,
    exp.GroupConcat: t.VARCHAR,
}


def annotators(*, lake: bool) -> Any:
    """Return node → its rule, as sqlglot takes it."""
    rules = Rules(lake=lake)
    found: dict[type[exp.Expr], Callable[[Any], Type]] = {
        exp.Literal: rules.literal,
        exp.Between: rules.between,
        exp.In: rules.within,
        exp.Like: rules.text,
        exp.Escape: rules.escape,
        exp.DPipe: rules.concatenation,
        exp.Case: rules.choice,
        exp.If: rules.choice,
        exp.Cast: rules.cast,
        exp.TryCast: rules.cast,
        exp.Anonymous: rules.call,
        exp.Extract: rules.part_of_time,
        exp.Bracket: rules.subscript,
        exp.Array: rules.array,
        exp.Unnest: rules.unnest,
        exp.Neg: rules.negative,
        exp.Where: rules.clause,
        exp.Having: rules.clause,
        exp.Join: rules.join,
        **dict.fromkeys((exp.And, exp.Or, exp.Not), rules.logical),
        **dict.fromkeys(_COMPARISONS, rules.comparison),
        **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), rules.arithmetic),
        **dict.fromkeys(
            (exp.Alias, exp.Paren, exp.Filter, exp.Window, exp.IgnoreNulls, exp.RespectNulls,
             exp.Ordered),
            rules.same,
        ),
        **{kind: _always(fixed) for kind, fixed in _FIXED.items()},
    }  # fmt: skip
    metadata: dict[type[exp.Expr], Any] = {
        kind: {"annotator": lambda walk, node, rule=rule: walk._set_type(node, rule(node))}
        for kind, rule in found.items()
    }
    metadata[exp.Subquery] = {"annotator": lambda walk, node: walk._annotate_subquery(node)}
    return metadata


def _always(kind: Type) -> Callable[[exp.Expr], Type]:
    """Return the rule of what has one type alone."""
    return lambda _node: kind
