"""`pipeline clean`: what old executions have left behind."""

from __future__ import annotations

from typing import Annotated

import typer

from sagelocal import LocalSageMaker
from sagetabular.cli.options import Backend, On
from sagetabular.cli.tracking import forget
from sagetabular.errors import UserError
from sagetabular.project import find_project


def clean(
    keep: Annotated[int, typer.Option(min=0, metavar="N", help="How many of the newest stay.")],
    unapproved: Annotated[
        bool,
        typer.Option(
            "--unapproved",
            help="Remove versions of older executions that nobody has approved, but the last.",
        ),
    ] = False,
    on: On = Backend.LOCAL,
    yes: Annotated[bool, typer.Option("--yes", help="With --on aws: do not ask before.")] = False,
) -> None:
    """Remove old executions, with their artefacts and their runs in MLflow.

    Executions stay that newer ones took results from, or that a registered version refers to; each
    one that succeeds registers a version, so --unapproved is what frees most.

    With --on aws it removes what old executions have in S3, after it has asked. SageMaker's step
    cache does not see that: an equal step finds its result for as long as `cache.expire_after` in
    conf/pipeline.yaml says, and what it then reads is gone.
    """
    if on is Backend.LOCAL:
        _clean_here(keep, unapproved=unapproved)
        return
    from sagetabular.cli.aws import cleaning as clean_on_aws

    if unapproved:
        msg = "--unapproved is for this machine, got --on aws."
        remedy = "Leave it out; `aws sagemaker delete-model-package` removes a version there."
        raise UserError(msg, remedy)
    clean_on_aws.clean(keep, yes=yes)


def _clean_here(keep: int, *, unapproved: bool) -> None:
    project = find_project()
    sagemaker = LocalSageMaker(project.home)
    for package in sagemaker.remove_unapproved(keep) if unapproved else ():
        name = f"{package['ModelPackageGroupName']} version {package['ModelPackageVersion']}"
        typer.echo(f"Removed {name}: {package['ModelApprovalStatus']}")
    removed = sagemaker.clean(keep)
    left = {record.id for record in sagemaker.executions()}
    if removed:
        forget(project, left)
    for entry in removed:
        typer.echo(f"Removed {entry.execution}: {entry.size:,} bytes")
    total = sum(entry.size for entry in removed)
    typer.echo(f"{len(removed)} executions removed, {total:,} bytes freed.")
    if len(left) > keep:
        _say_why(len(left) - keep, unapproved=unapproved)


def _say_why(count: int, *, unapproved: bool) -> None:
    """Print why older executions are still there."""
    typer.echo(
        f"Of the older ones {count} stay, since newer ones took results from them, "
        "or a registered version refers to them."
    )
    if not unapproved:
        typer.echo("To remove versions that nobody has approved as well: add --unapproved")
