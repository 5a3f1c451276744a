"""What the parser takes and Trino's grammar does not have: other engines' SQL.

Source: Trino's grammar, `core/trino-grammar/src/main/antlr4/io/trino/grammar/sql/SqlBase.g4`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sagetabular.jobs.athena_sql.refusals import RefusalError, refuse_foreign, shown
from sagetabular.jobs.athena_sql.trino.functions import INSTEAD, TRINO
from sagetabular.jobs.athena_sql.words import check_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagetabular.jobs.athena_sql.parsing import Parsed

_PARTS_OF_TIME = (
    "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DAY_OF_MONTH", "DAY_OF_WEEK", "DOW", "DAY_OF_YEAR",
    "DOY", "YEAR_OF_WEEK", "YOW", "HOUR", "MINUTE", "SECOND", "TIMEZONE_HOUR", "TIMEZONE_MINUTE",
)  # fmt: skip
# Trees that only other engines' texts give → what to write.
_TREES: dict[type[exp.Expr], str] = {
    exp.ILike: "lower(x) LIKE lower(pattern)",
    exp.RegexpLike: "regexp_like(x, pattern)",
    exp.RegexpILike: "regexp_like(x, '(?i)pattern')",
    exp.Glob: "LIKE",
    exp.Qualify: "a WHERE around it",
    exp.SimilarTo: "regexp_like(x, pattern)",
    exp.BitwiseAnd: "bitwise_and(x, y)",
    exp.BitwiseOr: "bitwise_or(x, y)",
    exp.BitwiseXor: "bitwise_xor(x, y)",
    exp.BitwiseNot: "bitwise_not(x)",
    exp.BitwiseLeftShift: "bitwise_left_shift(x, n)",
    exp.BitwiseRightShift: "bitwise_right_shift(x, n)",
    exp.IntDiv: "/",
    exp.Pow: "power(x, y)",
    exp.Struct: "row(x, y)",
    exp.Collate: "lower(x)",
    exp.Pivot: "sum(x) FILTER (WHERE …)",
    exp.JSONExtract: "json_extract(x, path)",
    exp.JSONExtractScalar: "json_extract_scalar(x, path)",
    exp.Command: "one SELECT",
    exp.Slice: "slice(x, start, length)",
    exp.Comprehension: "transform(x, y -> …)",
    exp.Parameter: "a parameter :name",
    exp.SessionParameter: "a parameter :name",
    exp.Xor: "a <> b",
    exp.Lock: "nothing",
    exp.Cluster: "ORDER BY",
    exp.Sort: "ORDER BY",
    exp.Distribute: "nothing",
    exp.Into: "nothing: Ingest stores the rows",
}


def check_grammar(parsed: Parsed) -> None:
    """Refuse what Trino's grammar does not have, and functions and types that it lacks.

    Raises:
        RefusalError: At the first such construct.
    """
    check_words(parsed.tokens)
    for node in parsed.tree.walk():
        _check_tree(node)
        for kind, check in _CHECKS.items():
            if isinstance(node, kind):
                check(node)


def _check_tree(node: exp.Expr) -> None:
    remedy = _TREES.get(type(node))
    if remedy and not node.args.get("json_query"):
        refuse_foreign(node, shown(node), remedy)


def _check_select(node: exp.Select) -> None:
    if not node.expressions or (not node.args.get("from_") and _only_star(node)):
        raise RefusalError("a SELECT must name what it selects.", "Write SELECT * FROM …", node)
    distinct = node.args.get("distinct")
    if distinct is not None and distinct.args.get("on"):
        refuse_foreign(node, "DISTINCT ON", "a WHERE on row_number() around it")
    for key in ("kind", "laterals", "operation_modifiers", "sample", "connect"):
        if node.args.get(key):
            refuse_foreign(node, shown(node), "it another way")


def _only_star(node: exp.Select) -> bool:
    return len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Star)


def _check_star(node: exp.Star) -> None:
    for key in ("except_", "replace", "rename"):
        if node.args.get(key):
            refuse_foreign(node, f"* {key.strip('_').upper()}", "the columns one by one")


def _check_group(node: exp.Group) -> None:
    if node.args.get("all") or node.args.get("totals") or _names_all(node.expressions):
        refuse_foreign(node, "GROUP BY ALL", "the columns one by one")


def _check_order(node: exp.Order) -> None:
    if _names_all([each.this for each in node.expressions if isinstance(each, exp.Ordered)]):
        refuse_foreign(node, "ORDER BY ALL", "the columns one by one")


def _names_all(nodes: list[exp.Expr]) -> bool:
    """Return whether the only thing named is the word ALL, without quotes."""
    if len(nodes) != 1 or not isinstance(nodes[0], exp.Column | exp.Var):
        return False
    quoted = isinstance(nodes[0].this, exp.Identifier) and nodes[0].this.quoted
    return nodes[0].name.upper() == "ALL" and not quoted


def _check_join(node: exp.Join) -> None:
    for key, words in (("kind", ("", "INNER", "OUTER", "CROSS")), ("method", ("", "NATURAL"))):
        found = (node.args.get(key) or "").upper()
        if found not in words:
            refuse_foreign(node, f"{found} JOIN", "JOIN, or EXISTS in WHERE")
    if (node.args.get("side") or "").upper() not in ("", "LEFT", "RIGHT", "FULL"):
        refuse_foreign(node, f"{node.args['side']} JOIN", "JOIN, or EXISTS in WHERE")


def _check_table(node: exp.Table) -> None:
    if isinstance(node.this, exp.Func) and not isinstance(node.this, exp.TableColumn):
        name = node.this.name or node.this.key
        raise RefusalError(
            f"a query must read tables of the database, got {name}(…).",
            "Write FROM ${table}; add another table with `pipeline data add FILE --table NAME`.",
            node.this,
        )
    if isinstance(node.this, exp.Literal):
        refuse_foreign(node, shown(node), "FROM ${table}")


def _check_function(node: exp.Anonymous) -> None:
    name = node.name.lower()
    if name not in TRINO:
        instead = (
            f"Write {INSTEAD[name]}." if name in INSTEAD else "Write one of Trino's functions."
        )
        raise RefusalError(f"Athena has no function {name}.", instead, node)


def _check_interval(node: exp.Interval) -> None:
    if not (isinstance(node.this, exp.Literal) and node.this.is_string and node.args.get("unit")):
        refuse_foreign(node, shown(node), "INTERVAL '2' DAY, with the number in quotes")
    if not node.this.name.lstrip("+-").isdigit() and not isinstance(
        node.args["unit"], exp.IntervalSpan
    ):
        refuse_foreign(node, f"INTERVAL '{node.this.name}'", "INTERVAL '2' DAY")


def _check_extract(node: exp.Extract) -> None:
    part = node.this.name.upper()
    if part not in _PARTS_OF_TIME:
        refuse_foreign(node, f"EXTRACT({part} FROM …)", "to_unixtime(x), or YEAR, MONTH, …")


def _check_is(node: exp.Is) -> None:
    if not isinstance(node.expression, exp.Null | exp.JSON):
        refuse_foreign(node, "IS TRUE", "the condition alone, or IS NULL")


def _check_nulls(node: exp.IgnoreNulls | exp.RespectNulls) -> None:
    if not isinstance(node.parent, exp.Window):
        refuse_foreign(node, shown(node), "it before OVER (…), or FILTER (WHERE x IS NOT NULL)")


_CHECKS: dict[type[exp.Expr], Callable[..., None]] = {
    exp.Select: _check_select,
    exp.Star: _check_star,
    exp.Group: _check_group,
    exp.Order: _check_order,
    exp.Join: _check_join,
    exp.Table: _check_table,
    exp.Anonymous: _check_function,
    exp.Interval: _check_interval,
    exp.Is: _check_is,
    exp.Extract: _check_extract,
    exp.IgnoreNulls: _check_nulls,
    exp.RespectNulls: _check_nulls,
}
