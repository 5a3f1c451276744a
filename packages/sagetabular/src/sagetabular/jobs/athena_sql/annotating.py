"""Find out the type of each part of a query, and refuse what Trino refuses for its types.

sqlglot walks the scopes; the rules are Trino's: `operators.py`, `rules.py` and the folder `trino`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.annotate_types import TypeAnnotator
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from sagetabular.jobs.athena_sql.columns import refuse_column, resolve_columns
from sagetabular.jobs.athena_sql.operators import CAST_REMEDY
from sagetabular.jobs.athena_sql.parsing import AthenaSql, without_catalog
from sagetabular.jobs.athena_sql.refusals import RefusalError
from sagetabular.jobs.athena_sql.rules import annotators
from sagetabular.jobs.athena_sql.trino import types as t

if TYPE_CHECKING:
    from sagetabular.jobs.athena_sql.parsing import Parsed

_UNKNOWN_COLUMN = "Unknown column: "  # as sqlglot says it


def annotate(parsed: Parsed, schema: Any, database: str) -> exp.Query:
    """Return the query with a type at each part, and its columns named with their tables.

    Args:
        parsed: The query.
        schema: Database → table → column → its type; None if no table is known.
        database: Where tables named without a database are.

    Raises:
        RefusalError: Trino refuses a combination of types, or the local lake cannot tell one.
    """
    tree = without_catalog(parsed.tree)
    known = MappingSchema(dict(schema or {}), dialect=AthenaSql(), normalize=False)
    if schema is not None:
        tree = _qualified(tree, known, schema, database)
        resolve_columns(tree, schema)
    annotator = _Annotator(known, expression_metadata=annotators(lake=schema is not None))
    return annotator.annotate(tree)


def _qualified(tree: exp.Query, known: MappingSchema, schema: Any, database: str) -> exp.Query:
    try:
        return qualify(
            tree,
            dialect=AthenaSql(),
            db=database,
            schema=known,
            expand_alias_refs=False,
            validate_qualify_columns=False,
            quote_identifiers=True,
        )
    except OptimizeError as error:
        reason = str(error).split("\n", maxsplit=1)[0].removesuffix(".")
        if reason.startswith(_UNKNOWN_COLUMN):
            refuse_column(exp.column(reason.removeprefix(_UNKNOWN_COLUMN)), tree, schema)
        raise RefusalError(f"{reason}.", "Correct the query; it is read as Athena's SQL.") from None


class _Annotator(TypeAnnotator):
    """sqlglot's walk with Trino's common types for set operations and VALUES."""

    def _maybe_coerce(self, type1: Any, type2: Any) -> Any:
        one, other = (exp.DataType.build(each) for each in (type1, type2))
        found = t.common(one, other)
        if found is None:
            raise RefusalError(
                f"rows must have one type in each column, got {t.name_of(one)} and "
                f"{t.name_of(other)}.",
                CAST_REMEDY,
            )
        return found
