"""Options and arguments that several commands take."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Backend(StrEnum):
    """Place of executions."""

    LOCAL = "local"
    AWS = "aws"


Identifier = Annotated[
    str, typer.Argument(metavar="ID", help="Execution, or the start of its name.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")]
On = Annotated[Backend, typer.Option("--on", help="This machine, or AWS.")]


def refuse_local(options: Mapping[str, object]) -> None:
    """Refuse what only this machine can do.

    Args:
        options: Option → its value; nothing where it was not given.

    Raises:
        UserError: One was given.
    """
    for option, value in options.items():
        if value:
            msg = f"{option} is for executions on this machine, got it with --on aws."
            raise UserError(msg, "Leave it out, or --on aws.")
