"""Read queries by Trino's own grammar, in an environment that has it: JSON in, JSON out."""

from __future__ import annotations

import json
import sys

from trino_query_parser import parse_statement


def refused(query: str) -> bool:
    """Return whether the grammar has no such query."""
    try:
        parse_statement(query)
    except Exception:  # the package has errors of its own, and those of its parser
        return True
    return False


json.dump([refused(query) for query in json.load(sys.stdin)], sys.stdout)
