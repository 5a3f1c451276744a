"""Questions to whoever sits at the terminal, such as before something is removed for good."""

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


def may_write(what: str) -> bool:
    """Ask whether to write something that was shown; return the answer.

    Args:
        what: What would be written.

    Raises:
        UserError: Nobody can be asked, since standard input is no terminal.
    """
    if not sys.stdin.isatty():
        msg = f"{what} would be written, and nobody can be asked here."
        raise UserError(msg, "Look at the changes, and add --yes; --dry-run only shows them.")
    return typer.confirm(f"Write {what}?", default=True, err=True)


def may_deploy(what: str) -> bool:
    """Ask whether to deploy what was shown; return the answer.

    Args:
        what: Such as `3 stacks`.

    Raises:
        UserError: Nobody can be asked, since standard input is no terminal.
    """
    if not sys.stdin.isatty():
        msg = f"{what} would be deployed, and nobody can be asked here."
        raise UserError(msg, "Look at `pipeline infra diff`, and add --yes.")
    return typer.confirm(f"Deploy {what}?", err=True)


def ask_for(what: str) -> str | None:
    """Ask for a text; return it, empty after Enter alone, or None where nobody can be asked.

    Args:
        what: The question, without a question mark.
    """
    if not sys.stdin.isatty():
        return None
    answer: str = typer.prompt(what, default="", show_default=False, prompt_suffix="? ", err=True)
    return answer.strip()
