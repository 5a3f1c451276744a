"""`pipeline run`, `executions`, `show` and `logs` with `--on aws`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from sagelocal.errors import did_you_mean
from sagetabular.aws.deploying import start_pipeline
from sagetabular.aws.deployment import deployment_of, group_of
from sagetabular.aws.sagemaker.executions import Executions
from sagetabular.aws.sagemaker.jobs import Logs
from sagetabular.aws.sagemaker.model_packages import ModelPackages
from sagetabular.cli.aws.ending import failure_exit_of, wait_for
from sagetabular.cli.options import project_in
from sagetabular.cli.terminal.output import print_table, report, say
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sagetabular.aws.account import Account
    from sagetabular.aws.deployment import Deployment
    from sagetabular.aws.sagemaker.executions import Execution, ExecutionStep
    from sagetabular.project import Project


def open_account(project: Project) -> tuple[Account, Deployment]:
    """Return the account, and where the project stands in it; says which it is.

    Raises:
        UserError: There are no credentials, or they are not valid.
    """
    deployment = deployment_of(project)
    account = deployment.connect()
    say(f"AWS account {account.identity.account}, {account.place}")
    return account, deployment


def open_executions(stage: str | None) -> Executions:
    """Return the executions of the project's pipeline; says whose they are.

    Args:
        stage: That was asked for.

    Raises:
        UserError: There are no credentials, or they are not valid.
    """
    account, deployment = open_account(project_in(stage))
    return Executions(account.client("sagemaker"), deployment.pipeline)


def open_model_packages(stage: str | None) -> ModelPackages:
    """Return the versions in the project's model package group; says whose they are.

    Args:
        stage: That was asked for.

    Raises:
        UserError: There are no credentials, or they are not valid.
    """
    project = project_in(stage)
    account, deployment = open_account(project)
    return ModelPackages(account.client("sagemaker"), group_of(project, deployment))


def run(settings: Mapping[str, str], stage: str | None, *, wait: bool, as_json: bool) -> None:
    """Bring the pipeline up to date and start it; prints the execution's ARN.

    Args:
        settings: Values of pipeline parameters.
        stage: That was asked for.
        wait: Stay until it has ended, and exit as a run on this machine does.
        as_json: Print one JSON object.
    """
    project = project_in(stage)
    deployment = deployment_of(project)
    started = start_pipeline(project, deployment, settings, report)
    say(f"Started {started.id}. See `pipeline show {started.id} --on aws{deployment.option}`.")
    ended = wait_for(started) if wait else started.connect().describe(started.arn)
    if as_json:
        typer.echo(json.dumps({"execution": ended.id, "arn": ended.arn, "status": ended.status}))
    else:
        typer.echo(ended.arn)
    if wait:
        failure_exit_of(started.connect(), ended)


def list_all(stage: str | None) -> None:
    """Print a table of the executions of a stage."""
    executions = open_executions(stage)
    rows = [[entry.id, entry.status, _clock(entry.start)] for entry in executions.all()]
    if not rows:
        typer.echo("No execution yet. Start one with `pipeline run --on aws`.")
        return
    print_table("", ["execution", "status", "started"], rows)


def show(identifier: str | None, stage: str | None) -> None:
    """Print steps and parameters of an execution of a stage; None for the latest."""
    executions = open_executions(stage)
    found = executions.find(identifier) if identifier else executions.latest()
    steps = [
        [step.name, step.kind, _status(step), _seconds(step), " ".join(step.reason.split())]
        for step in executions.steps(found.arn)
    ]
    print_table("Steps", ["step", "kind", "status", "seconds ", ""], steps)
    parameters = [[name, value] for name, value in executions.parameters(found.arn).items()]
    print_table("\nParameters", ["parameter", "value"], parameters)
    typer.echo(f"\nExecution    {found.id}: {found.status}")
    typer.echo(f"Started      {_clock(found.start)}")
    if found.reason:
        typer.echo(found.reason)


def logs(identifier: str | None, name: str | None, stage: str | None) -> None:
    """Print what the jobs of an execution, or of one of its steps, have printed.

    Args:
        identifier: Of the execution; None for the latest.
        name: Of the step; None for all.
        stage: That was asked for.

    Raises:
        UserError: There is no such execution, or no such step in it; or AWS refuses.
    """
    account, deployment = open_account(project_in(stage))
    executions = Executions(account.client("sagemaker"), deployment.pipeline)
    found = executions.find(identifier) if identifier else executions.latest()
    steps = {step.name: step for step in executions.steps(found.arn)}
    if name is not None and name not in steps:
        msg = f"Execution {found.id} has no step {name!r} that has started."
        raise UserError(msg, did_you_mean(name, steps))
    source = Logs(account.client("sagemaker"), account.client("logs"))
    for step in [steps[name]] if name else steps.values():
        _print_log(source, step)


def _print_log(source: Logs, step: ExecutionStep) -> None:
    last = ""
    for stream, line in source.of(step):
        if stream != last:
            typer.echo(f"==> {step.name}: {stream} <==")
            last = stream
        typer.echo(line)


def _status(step: ExecutionStep) -> str:
    more = "reused" if step.reused_from else step.outcome
    return f"{step.status}: {more}" if more else step.status


def _seconds(entry: ExecutionStep | Execution) -> str:
    if not entry.start or not entry.end:
        return ""
    return f"{(entry.end - entry.start).total_seconds():.1f}"


def _clock(time: datetime | None) -> str:
    return time.astimezone().isoformat(" ", "seconds") if time else ""
