"""`pipeline clean`: what old executions have left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sagelocal import LocalSageMaker
from sagetabular.cli.options import Backend, DryRun, On, Stage, Yes, refuse_aws_only
from sagetabular.cli.terminal.asking import agreed
from sagetabular.cli.terminal.output import say
from sagetabular.cli.tracking import forget
from sagetabular.errors import UserError
from sagetabular.local.history import read_history
from sagetabular.project import find_project

if TYPE_CHECKING:
    from sagelocal import Cleaning
    from sagetabular.project import Project


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
    stage: Stage = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Remove old executions, with their artefacts and their runs in MLflow.

    It says what would go, and asks. Executions stay that newer ones took results from, or that a
    registered version refers to; each one that succeeds registers a version, so --unapproved is
    what frees most.

    With --on aws it removes what old executions have in S3. SageMaker's step cache does not see
    that: an equal step finds its result for as long as `cache.expire_after` in conf/pipeline.yaml
    says, and what it then reads is gone.
    """
    if on is Backend.LOCAL:
        refuse_aws_only({"--stage": stage})
        _clean_here(keep, unapproved=unapproved, yes=yes, dry_run=dry_run)
        return
    from sagetabular.cli.aws import cleaning as clean_on_aws

    if unapproved:
        msg = "--unapproved is for this machine, got --on aws."
        remedy = "Leave it out; `aws sagemaker delete-model-package` removes a version there."
        raise UserError(msg, remedy)
    clean_on_aws.clean(keep, stage, yes=yes, dry_run=dry_run)


def _clean_here(keep: int, *, unapproved: bool, yes: bool, dry_run: bool) -> None:
    project = find_project()
    sagemaker = LocalSageMaker(project.home)
    planned = sagemaker.plan_cleaning(keep, unapproved=unapproved)
    _say_what_goes(planned)
    if dry_run:
        _say_nothing_went(planned)
    elif not (planned.executions or planned.versions):
        _remove(project, sagemaker, planned, keep)
    elif yes or agreed(_what(planned)):
        if _names(sagemaker.plan_cleaning(keep, unapproved=unapproved)) != _names(planned):
            msg = "What would be removed has changed since it was listed, so nothing was."
            raise UserError(msg, "Run it again, and look at the new list.")
        _remove(project, sagemaker, planned, keep)
    else:
        typer.echo("Nothing was removed.")
        return
    going = {entry.execution for entry in planned.executions}
    left = {record.id for record in read_history(sagemaker).records} - going
    if len(left) > keep:
        _say_why(len(left) - keep, unapproved=unapproved)


def _say_what_goes(planned: Cleaning) -> None:
    for package in planned.versions:
        say(f"{_version(package)}: {package['ModelApprovalStatus']}")
    for entry in planned.executions:
        say(f"{entry.execution}: {entry.size:,} bytes")


def _say_nothing_went(planned: Cleaning) -> None:
    size = sum(entry.size for entry in planned.executions)
    typer.echo(f"Nothing was removed. Without --dry-run: {_what(planned)}, {size:,} bytes.")


def _remove(project: Project, sagemaker: LocalSageMaker, planned: Cleaning, keep: int) -> None:
    """Remove what was planned, and say so; versions first, since executions stay for them."""
    for package in sagemaker.remove_unapproved(keep) if planned.versions else ():
        typer.echo(f"Removed {_version(package)}: {package['ModelApprovalStatus']}")
    removed = sagemaker.clean(keep)
    if removed:
        forget(project, {record.id for record in read_history(sagemaker).records})
    for entry in removed:
        typer.echo(f"Removed {entry.execution}: {entry.size:,} bytes")
    total = sum(entry.size for entry in removed)
    typer.echo(f"{len(removed)} executions removed, {total:,} bytes freed.")


def _say_why(count: int, *, unapproved: bool) -> None:
    """Print why older executions are still there."""
    typer.echo(
        f"Of the older ones {count} stay, since newer ones took results from them, "
        "or a registered version refers to them."
    )
    if not unapproved:
        typer.echo("To remove versions that nobody has approved as well: add --unapproved")


def _version(package: dict[str, object]) -> str:
    return f"{package['ModelPackageGroupName']} version {package['ModelPackageVersion']}"


def _names(planned: Cleaning) -> tuple[list[str], list[str]]:
    return [entry.execution for entry in planned.executions], list(map(_version, planned.versions))


def _what(planned: Cleaning) -> str:
    """Return how much would go, such as `2 executions and 1 registered version`."""
    counts = {"execution": len(planned.executions), "registered version": len(planned.versions)}
    parts = [f"{n} {what}{'' if n == 1 else 's'}" for what, n in counts.items() if n]
    return " and ".join(parts) or "nothing"
