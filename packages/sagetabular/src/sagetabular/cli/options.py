"""Options and arguments that several commands take."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.errors import UserError
from sagetabular.local.history import read_history
from sagetabular.project import chosen_stage, find_project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagelocal import ExecutionRecord, LocalSageMaker
    from sagetabular.project import Project


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
Stage = Annotated[
    str | None,
    typer.Option(
        "--stage",
        metavar="NAME",
        help="Stage of conf/aws.yaml.",
        show_default="the variable PIPELINE_STAGE",
    ),
]


def project_in(stage: str | None) -> Project:
    """Return the project in a stage: that of the option, else that of the environment.

    Raises:
        UserError: The working directory lies in no project.
    """
    return find_project(stage=chosen_stage(stage))


def execution_or_latest(sagemaker: LocalSageMaker, identifier: str | None) -> ExecutionRecord:
    """Return an execution of this machine by its identifier, or the beginning of one.

    Args:
        sagemaker: Where it is looked for.
        identifier: None for the latest.

    Raises:
        UserError: There is none yet.
        DamagedError: A file of it is damaged.
        ExecutionNotFoundError: None, or more than one, has that identifier.
    """
    if identifier is not None:
        return sagemaker.execution(identifier)
    return _newest(readable(sagemaker), 0)


def two_executions(
    sagemaker: LocalSageMaker, first: str | None, second: str | None
) -> tuple[ExecutionRecord, ExecutionRecord]:
    """Return two executions: the one before the latest, and the latest, where none is named.

    Raises:
        UserError: There are not so many.
        DamagedError: A file of one is damaged.
        ExecutionNotFoundError: None, or more than one, has such an identifier.
    """
    before, after = (None if name is None else sagemaker.execution(name)
                     for name in (first, second))  # fmt: skip
    found = [] if before and after else readable(sagemaker)
    return before or _newest(found, 1), after or _newest(found, 0)


def _newest(found: list[ExecutionRecord], before: int) -> ExecutionRecord:
    if len(found) > before:
        return found[before]
    number = "one execution only" if found else "no execution yet"
    raise UserError(f"There is {number}.", "Start one with `pipeline run`.")


def readable(sagemaker: LocalSageMaker) -> list[ExecutionRecord]:
    """Return the executions of this machine, newest first; says which of them are damaged."""
    history = read_history(sagemaker)
    for damage in history.damaged:
        typer.echo(str(damage), err=True)
    return history.records


def refuse_aws_only(options: Mapping[str, object]) -> None:
    """Refuse what only AWS can do, or has.

    Args:
        options: Option → its value; nothing where it was not given.

    Raises:
        UserError: One was given.
    """
    for option, value in options.items():
        if value not in (None, False):
            msg = f"{option} is about AWS, got it without --on aws."
            raise UserError(msg, "Add --on aws, or leave it out.")


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
