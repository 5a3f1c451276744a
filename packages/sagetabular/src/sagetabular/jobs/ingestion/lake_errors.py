"""What DuckDB says when a query fails, told as the query's mistake or as a limit of the lake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sagetabular.jobs.errors import JobError

if TYPE_CHECKING:
    import duckdb

# What DuckDB puts before what it says.
_KIND = re.compile(r"^[A-Z][A-Za-z ]* Error: ")
# What our macros say, within what DuckDB says about it.
_SAID = re.compile(
    r"Cannot cast '.*' to [a-z]+(\(\d+, \d+\))?|Write dates as 2026-01-31, got '.*'"
    r"|Cannot parse '.*' by the format of date_parse"
    r"|Division by zero|Index must be greater than zero|Array subscript out of bounds"
    r"|SQL array indices start at 1",
    re.DOTALL,
)
# RE2's complaints about a pattern; Trino's patterns are Java's, which can do more.
_OF_PATTERNS = re.compile(
    r"invalid (perl operator|escape sequence|repetition size|character class range|named capture)"
    r"|bad repetition operator|no argument for repetition|missing [\])]: |unexpected \): "
)
_DIGITS = "a division of decimals has more than 38 digits on the way"
# What the reason begins with → what to do about it, where Athena may answer the query.
_LIMITS = {
    "the local lake cannot use a pattern": (
        "Athena may: the lake has no look-ahead, look-behind, back reference or `++`. "
        "Write the pattern without, or correct it."
    ),
    "Write dates as": "Athena may read it; the local lake reads dates of 4, 2 and 2 digits.",
    _DIGITS: "Athena may divide them; CAST them to decimals with fewer digits, or to double.",
}


def query_failed(error: duckdb.Error, file: str) -> JobError:
    """Return the error for what DuckDB says about a query.

    Args:
        error: What DuckDB has raised.
        file: What to call the query.
    """
    text = str(error)
    said = _SAID.search(text)
    reason = said[0] if said else _KIND.sub("", text.split("\n", maxsplit=1)[0])
    if not said and _OF_PATTERNS.match(reason):
        reason = f"the local lake cannot use a pattern: {reason}"
    if "Overflow" in reason and "INT128" in reason:
        reason = _DIGITS
    remedies = [remedy for start, remedy in _LIMITS.items() if reason.startswith(start)]
    return JobError(
        f"{file} failed: {' '.join(reason.split()).rstrip('.!')}.",
        remedies[0] if remedies else "Correct the query; it is read as Athena's SQL.",
    )
