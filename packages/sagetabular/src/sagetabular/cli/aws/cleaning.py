"""`pipeline clean --on aws`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from sagetabular.aws.deployment import account_value, group_of, prefix_of
from sagetabular.aws.sagemaker.cleaning import Store, refuse_running, removable
from sagetabular.aws.sagemaker.executions import Executions
from sagetabular.aws.sagemaker.model_packages import ModelPackages, groups_of
from sagetabular.cli.aws.executions import open_account
from sagetabular.cli.options import project_in
from sagetabular.cli.terminal.asking import agreed
from sagetabular.cli.terminal.output import say
from sagetabular.settings.models.steps import Register

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from sagetabular.aws.deployment import Deployment
    from sagetabular.aws.sagemaker.cleaning import Folder
    from sagetabular.project import Project


def clean(keep: int, stage: str | None, *, yes: bool, dry_run: bool) -> None:
    """Remove what old executions alone have in S3; says what that is, and asks.

    Args:
        keep: How many of the newest stay.
        stage: That was asked for.
        yes: Do not ask.
        dry_run: Say what would go, and remove nothing.

    Raises:
        UserError: An execution runs, nobody can be asked, or AWS refuses.
    """
    project = project_in(stage)
    account, deployment = open_account(project)
    sagemaker, store = account.client("sagemaker"), Store(account.client("s3"))
    executions = Executions(sagemaker, deployment.pipeline)
    listed = list(executions.all())
    refuse_running(listed)
    values = {each.arn: executions.parameters(each.arn) for each in listed[keep:]}
    registered = _registered(project, deployment, sagemaker, values.values())
    old = removable(executions, listed, keep, registered)
    folders = [_folder(project, deployment, store, each.id, values[each.arn]) for each in old]
    found = [folder for folder in folders if folder.objects]
    for folder in found:
        say(f"{folder.uri}: {folder.objects:,} objects, {folder.size:,} bytes")
    if dry_run:
        size = sum(folder.size for folder in found)
        typer.echo(f"Nothing was removed. Without --dry-run: {_what(found)}, {size:,} bytes.")
        return
    if found and not yes and not agreed(_what(found)):
        typer.echo("Nothing was removed.")
        return
    for folder in found:
        store.remove(folder)
        typer.echo(f"Removed {folder.execution}: {folder.size:,} bytes")
    total = sum(folder.size for folder in found)
    typer.echo(f"{len(found)} executions removed, {total:,} bytes freed.")


def _what(found: list[Folder]) -> str:
    return f"{len(found)} execution{'' if len(found) == 1 else 's'}"


def _registered(
    project: Project,
    deployment: Deployment,
    client: Any,
    parameters: Iterable[Mapping[str, str]],
) -> str:
    """Return all that is known of the registered versions, in whichever group they are."""
    steps = [unit.last(Register) for unit in project.settings.units.values()]
    own = {step.settings.group for step in steps if step and step.settings.group}
    given = [values[name] for values in parameters if (name := "ModelPackageGroup") in values]
    common = sorted({*given, group_of(project, deployment)})
    groups = own.union(*(groups_of(client, name) for name in common))
    packages = [ModelPackages(client, group).all() for group in sorted(groups)]
    return json.dumps(packages, default=str)


def _folder(
    project: Project,
    deployment: Deployment,
    store: Store,
    identifier: str,
    values: Mapping[str, str],
) -> Folder:
    """Find the objects of an execution where its own parameters say."""
    bucket = values.get("Bucket") or account_value(project, deployment, "Bucket")
    prefix = values.get("Prefix") or prefix_of(project, deployment)
    return store.folder(identifier, bucket, prefix)
