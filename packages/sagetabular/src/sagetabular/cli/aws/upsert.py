"""`pipeline upsert` and `pipeline stop`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.project import find_project

if TYPE_CHECKING:
    from sagetabular.aws.sagemaker.executions import Execution


def upsert() -> None:
    """Make the pipeline on AWS what the project says, and print its ARN.

    Code, settings and query are stored under keys of their content: what is there is not sent
    again. Role and bucket come from the variables that conf/aws.yaml names. Nothing is started.
    """
    from sagetabular.aws.deploying import upsert_pipeline
    from sagetabular.aws.deployment import deployment_of
    from sagetabular.cli.aws.reporting import report

    project = find_project()
    typer.echo(upsert_pipeline(project, deployment_of(project), report).arn)


def stop(
    identifier: Annotated[
        str, typer.Argument(metavar="ID", help="Execution, or the start of its name.")
    ],
) -> None:
    """Stop an execution on AWS, and its jobs; one on this machine ends with Ctrl-C."""
    from sagetabular.cli.aws.executions import open_executions

    executions = open_executions()
    found: Execution = executions.find(identifier)
    if not found.runs:
        typer.echo(f"{found.id} had ended before: {found.status}")
        return
    executions.stop(found.arn)
    typer.echo(f"{found.id} is asked to stop. See `pipeline show {found.id} --on aws`.")
