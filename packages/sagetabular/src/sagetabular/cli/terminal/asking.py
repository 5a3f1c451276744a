"""Questions before something is removed for good."""

from __future__ import annotations

import sys

import typer

from sagetabular.errors import UserError


def agreed(what: str) -> bool:
    """Ask whether to remove something for good; return the answer.

    Args:
        what: What would go, such as `2 executions`; it is listed above the question.

    Raises:
        UserError: Nobody can be asked, since standard input is no terminal.
    """
    if not sys.stdin.isatty():
        msg = f"{what} would be removed for good, and nobody can be asked here."
        raise UserError(msg, "Look at the list, and add --yes; --dry-run only lists.")
    return typer.confirm(f"Remove {what} for good?", err=True)
