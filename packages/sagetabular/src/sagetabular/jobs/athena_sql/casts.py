"""Which types Trino casts to which.

Source: trino.io/docs/current/functions/conversion.html, and the operators CAST in Trino's code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.jobs.athena_sql.refusals import RefusalError, shown
from sagetabular.jobs.athena_sql.trino import types as t

if TYPE_CHECKING:
    from sqlglot import exp

    from sagetabular.jobs.athena_sql.trino.types import Type

# Target → what Trino casts to it.
_SOURCES = {
    **dict.fromkeys(t.NUMERIC, (*t.NUMERIC, t.Kind.BOOLEAN, t.Kind.VARCHAR)),
    t.Kind.BOOLEAN: (*t.NUMERIC, t.Kind.BOOLEAN, t.Kind.VARCHAR),
    t.Kind.DATE: (t.Kind.VARCHAR, t.Kind.DATE, t.Kind.TIMESTAMP, t.Kind.TIMESTAMPTZ),
    t.Kind.TIMESTAMP: (t.Kind.VARCHAR, t.Kind.DATE, t.Kind.TIMESTAMP, t.Kind.TIMESTAMPTZ),
}


def check_cast(node: exp.Cast, source: Type, target: Type) -> None:
    """Refuse what Trino casts from no such type.

    Raises:
        RefusalError: Trino has no such cast.
    """
    sources = _SOURCES.get(target.this)
    skipped = (t.Kind.UNKNOWN, t.Kind.NULL, t.Kind.JSON)
    if sources and source.this not in (*sources, *skipped):
        raise RefusalError(
            f"Athena casts no {t.name_of(source)} to {t.name_of(target)}, got {shown(node)}.",
            "Use to_unixtime for times, or a CAST to varchar between them.",
            node,
        )
