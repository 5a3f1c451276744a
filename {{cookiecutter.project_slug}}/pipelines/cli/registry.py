"""`pipeline registry`: the versions of the model, and their approval."""

from __future__ import annotations

from typing import Annotated

import typer

from localsage import LocalSageMaker
from pipelines.cli.output import print_table
from pipelines.project import find_project

app = typer.Typer(help="List, approve and reject registered model versions.", no_args_is_help=True)

Version = Annotated[int, typer.Argument(metavar="VERSION", help="Number of the version.")]


@app.command("list")
def list_versions() -> None:
    """List the registered versions, oldest first."""
    project = find_project()
    group = project.settings.pipeline.name
    packages = LocalSageMaker(project.home).registry.packages(group)
    if not packages:
        typer.echo("Nothing is registered yet. `pipeline run` registers the best model.")
        return
    rows = [
        [
            str(package["ModelPackageVersion"]),
            package["CustomerMetadataProperties"]["model"],
            package["ModelApprovalStatus"],
            package["CustomerMetadataProperties"]["execution"],
            package["CreationTime"],
        ]
        for package in packages
    ]
    print_table(group, ["version ", "model", "approval", "execution", "created"], rows)


@app.command()
def approve(version: Version) -> None:
    """Approve a version."""
    _set(version, "Approved")


@app.command()
def reject(version: Version) -> None:
    """Reject a version."""
    _set(version, "Rejected")


def _set(version: int, status: str) -> None:
    project = find_project()
    group = project.settings.pipeline.name
    LocalSageMaker(project.home).registry.update_approval(group, version, status)
    typer.echo(f"{group}/{version} is {status}.")
