"""`run-pipeline`: upsert, start and wait, as SageMaker Projects asks for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from sagetabular.aws.deploying import check_start, start_pipeline
from sagetabular.cli.aws.contract import deployment_from, end, make_parser, read_tags
from sagetabular.cli.aws.ending import wait_for
from sagetabular.cli.terminal.output import report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sagetabular.aws.deployment import Deployment
    from sagetabular.project import Project


def main(arguments: Sequence[str] | None = None) -> None:
    """Make or change the pipeline, start it, and wait until it has ended, however long.

    Exits with 0 when it succeeded, or was only started; with 1 when it did not.
    """
    parser = make_parser("run-pipeline", "Make or change the pipeline on AWS, and run it.")
    parser.add_argument(
        "-role-arn",
        "--role-arn",
        required=True,
        help="Role of the pipeline, and of its jobs if --kwargs names none.",
    )
    parser.add_argument("-description", "--description", help="Of the pipeline.")
    parser.add_argument(
        "-tags", "--tags", help='List in JSON, or as a Python literal: [{"Key": …, "Value": …}].'
    )
    parser.add_argument(
        "--no-wait", action="store_true", help="Leave once it is started, as a build server should."
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="Only find what would stop it, before images are built, and change nothing.",
    )
    given = parser.parse_args(arguments)
    if given.check:
        end(lambda project: _check(project, _deployment(project, given)))
    end(lambda project: _run(project, _deployment(project, given), wait=not given.no_wait))


def _deployment(project: Project, given: argparse.Namespace) -> Deployment:
    found = deployment_from(project, given)
    return replace(
        found,
        given={"RoleArn": given.role_arn, **found.given},
        role=given.role_arn,
        tags={**found.tags, **read_tags(given.tags or "[]")},
        description=given.description,
    )


def _check(project: Project, deployment: Deployment) -> int:
    check_start(project, deployment, report)
    return 0


def _run(project: Project, deployment: Deployment, *, wait: bool) -> int:
    started = start_pipeline(project, deployment, {}, report)
    typer.echo(f"Execution {started.arn}")
    if not wait:
        return 0
    ended = wait_for(started)
    for step in started.connect().steps(ended.arn):
        typer.echo(f"{step.name}: {step.status}{f': {step.reason}' if step.reason else ''}")
    typer.echo(f"{ended.status} {ended.reason}".rstrip())
    return 0 if ended.status == "Succeeded" else 1
