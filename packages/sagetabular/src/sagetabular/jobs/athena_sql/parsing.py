"""Read a query: its text as a tree, in which functions keep the names that Trino gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.parsers.trino import TrinoParser

from sagetabular.jobs.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlglot.tokenizer_core import Token

# Athena's own name for the catalogue that its tables are in.
_CATALOG = "awsdatacatalog"
# What is written like a function, and has a grammar of its own.
_GRAMMAR = (
    "CAST", "EXTRACT", "JSON_OBJECT", "JSON_QUERY", "JSON_VALUE", "LISTAGG", "POSITION",
    "SUBSTRING", "TRIM", "TRY_CAST",
)  # fmt: skip


def _exact_number(_parser: TrinoParser, this: exp.Literal, _kind: exp.DataType) -> exp.Expr:
    """Return DECIMAL '1.50' as the number: its digits are its type, and a point says so."""
    text = this.name.lstrip("+-")
    number = exp.Literal.number(text if "." in text else f"{text}.")
    return exp.Paren(this=exp.Neg(this=number)) if this.name.startswith("-") else number


class _Parser(TrinoParser):
    """Trino's grammar; a function stays one call, whatever other engines call it."""

    FUNCTIONS: ClassVar[dict[str, Callable[..., Any]]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
        name: TrinoParser.FUNCTION_PARSERS[name] for name in _GRAMMAR
    }
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
        name: TrinoParser.NO_PAREN_FUNCTION_PARSERS[name] for name in ("ANY", "CASE", "IF")
    }
    TYPE_LITERAL_PARSERS: ClassVar[dict[Any, Callable[..., Any]]] = {
        exp.DType.DECIMAL: _exact_number,
    }


class AthenaSql(Trino):
    """Trino's dialect, read by our parser."""

    Parser = _Parser
    SUPPORTS_NULL_TYPE = True


@dataclass(frozen=True)
class Parsed:
    """A query that has been read.

    Attributes:
        tree: The query.
        tokens: Its words, each with its line.
        file: What to call it in errors.
    """

    tree: exp.Query
    tokens: list[Token]
    file: str


def parse_query(text: str, file: str, values: Mapping[str, Any]) -> Parsed:
    """Parse one SELECT, with the values of its parameters in their places.

    Args:
        text: The query.
        file: What to call it in errors.
        values: The values of its `:name`.

    Raises:
        JobError: If the text does not parse, or is not exactly one SELECT.
    """
    dialect = AthenaSql()
    try:
        tokens = dialect.tokenize(text)
        parsed = dialect.parser().parse(tokens, text)
    except SqlglotError as error:
        raise JobError(
            f"{file} does not parse: {_reason(error)}.",
            "Correct it; it is read as Athena's SQL.",
        ) from error
    statements = [statement for statement in parsed if statement]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        kinds = [_keyword(statement) for statement in statements]
        raise JobError(
            f"{file} must be one SELECT statement, got {', '.join(kinds) or 'none'}.",
            "Leave one SELECT (it may begin with WITH).",
        )
    return Parsed(_with_values(statements[0], values), tokens, file)


def table_names(tree: exp.Query, database: str) -> list[tuple[str, str]]:
    """Return database and name of the tables that a query reads.

    Args:
        tree: The query.
        database: Where tables named without a database are.
    """
    tables = [table for table in tree.find_all(exp.Table) if table.name]
    return [
        (table.db or database, table.name)
        for table in tables
        if table.db or table.name.lower() not in _named_by_with(table)
    ]


def _named_by_with(table: exp.Table) -> set[str]:
    """Return what WITH names at a place, in lower case: all before it, and not what it is in."""
    found: set[str] = set()
    inside: exp.Expr = table
    at = table.parent
    while at is not None:
        if isinstance(at, exp.With):
            before = [each.alias.lower() for each in at.expressions]
            found.update(before if at.args.get("recursive") else before[: inside.index])
        elif (others := at.args.get("with_")) is not None and others is not inside:
            found.update(each.alias.lower() for each in others.expressions)
        inside, at = at, at.parent
    return found


def without_catalog(tree: exp.Query) -> exp.Query:
    """Return a query whose tables are named without Athena's catalogue."""
    plain = tree.copy()
    for table in plain.find_all(exp.Table):
        if table.catalog.lower() == _CATALOG:
            table.set("catalog", None)
    return plain


def _with_values(tree: exp.Query, values: Mapping[str, Any]) -> exp.Query:
    """Put the values where awswrangler puts them, written as it writes them."""
    for place in list(tree.find_all(exp.Placeholder)):
        if place.name in values:
            place.replace(_literal(values[place.name]))
    return tree


def _literal(value: Any) -> exp.Expr:
    """Return a value as SQL."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, str):
        return exp.Literal.string(value)
    if hasattr(value, "isoformat"):
        kind = exp.DataType(this=exp.DType.DATE, nested=False)
        return exp.Cast(this=exp.Literal.string(value.isoformat()), to=kind)
    text = f"{abs(value):f}"
    exact = text if "." in text or isinstance(value, int) else f"{text}."
    written = exp.Literal.number(str(abs(value)) if isinstance(value, int) else exact)
    return exp.Paren(this=exp.Neg(this=written)) if value < 0 else written


def _reason(error: SqlglotError) -> str:
    """Return a parser's complaint in one line, with its place."""
    if isinstance(error, TokenError) or not isinstance(error, ParseError) or not error.errors:
        return "a quote or comment is not closed"
    first = error.errors[0]
    # The end of the text has no words of its own in sqlglot.
    said = first["description"].split(" but got <Token", maxsplit=1)[0]
    said = said.split(" missing for <class", maxsplit=1)[0].removeprefix("Required keyword: ")
    said = "something is missing" if said in ("'this'", "'expression'") else said
    return f"line {first['line']}, near {first['highlight']!r}: {said}"


def _keyword(statement: exp.Expr) -> str:
    """Return what kind of statement it is."""
    kind = statement.this if isinstance(statement, exp.Command) else statement.key
    return str(kind).upper()
