"""Options and arguments that several commands take."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagelocal import ExecutionRecord, LocalSageMaker


class Backend(StrEnum):
    """Place of executions."""

    LOCAL = "local"
    AWS = "aws"


Identifier = Annotated[
    str, typer.Argument(metavar="ID", help="Execution, or the start of its name.")
]
LatestIdentifier = Annotated[
    str | None,
    typer.Argument(
        metavar="ID", help="Execution, or the start of its name.", show_default="the latest"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")]
On = Annotated[Backend, typer.Option("--on", help="This machine, or AWS.")]


def execution_or_latest(
    sagemaker: LocalSageMaker, identifier: str | None, *, before: int = 0
) -> ExecutionRecord:
    """Return an execution of this machine by its identifier, or the beginning of one.

    Args:
        sagemaker: Where it is looked for.
        identifier: None for the latest.
        before: How many are newer than the one that is meant by None.

    Raises:
        UserError: There are not so many.
        ExecutionNotFoundError: None, or more than one, has that identifier.
    """
    if identifier is not None:
        return sagemaker.execution(identifier)
    found = sagemaker.executions()
    if len(found) > before:
        return found[before]
    number = ("no execution yet", "one execution only")[min(len(found), 1)]
    raise UserError(f"There is {number}.", "Start one with `pipeline run`.")


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
