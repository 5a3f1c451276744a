"""`pipeline executions`, `show`, `logs` and `stop`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sagelocal import LocalSageMaker
from sagelocal.errors import did_you_mean
from sagetabular.cli.options import (
    Backend,
    Identifier,
    LatestIdentifier,
    On,
    Stage,
    execution_or_latest,
    readable,
    refuse_aws_only,
)
from sagetabular.cli.terminal.output import how_to_go_on, print_result, print_table
from sagetabular.errors import UserError
from sagetabular.local.history import read_history
from sagetabular.local.leaderboard import read_result
from sagetabular.printing import printable
from sagetabular.project import find_project

if TYPE_CHECKING:
    from sagelocal import ExecutionRecord, StepRecord


def list_all(on: On = Backend.LOCAL, stage: Stage = None) -> None:
    """List the executions, newest first."""
    if on is Backend.AWS:
        from sagetabular.cli.aws import executions as on_aws

        on_aws.list_all(stage)
        return
    refuse_aws_only({"--stage": stage})
    records = readable(LocalSageMaker(find_project().home))
    if not records:
        typer.echo("No execution yet. Start one with `pipeline run`.")
        return
    rows = [
        [record.id, record.status, _seconds(record), record.metadata.get("data", "")]
        for record in records
    ]
    print_table("", ["execution", "status", "seconds ", "data"], rows)
    for record in records:
        if record.status == "Interrupted":
            typer.echo(f"{record.id} was interrupted. {how_to_go_on(record)}")


def show(identifier: LatestIdentifier = None, on: On = Backend.LOCAL, stage: Stage = None) -> None:
    """Show an execution: steps, parameters, and on this machine its leaderboard."""
    if on is Backend.AWS:
        from sagetabular.cli.aws import executions as on_aws

        on_aws.show(identifier, stage)
        return
    refuse_aws_only({"--stage": stage})
    project = find_project()
    sagemaker = LocalSageMaker(project.home)
    record = execution_or_latest(sagemaker, identifier)
    steps = [
        [step.name, step.kind, _status(step), _seconds(step), _first_line(step.failure_reason)]
        for step in record.steps.values()
    ]
    print_table("Steps", ["step", "kind", "status", "seconds ", ""], steps)
    parameters = [[name, str(value)] for name, value in record.parameters.items()]
    print_table("\nParameters", ["parameter", "value"], parameters)
    print_result(read_result(sagemaker, record), record, project)
    if record.failure_reason:
        typer.echo("\n" + printable(record.failure_reason, keep="\n"))
    if record.status in ("Interrupted", "Stopped"):
        typer.echo(how_to_go_on(record))


def logs(
    identifier: LatestIdentifier = None,
    step: Annotated[
        str | None,
        typer.Argument(
            metavar="STEP",
            help="Name of a step; alone, of the latest on this machine.",
            show_default="all",
        ),
    ] = None,
    on: On = Backend.LOCAL,
    stage: Stage = None,
) -> None:
    """Print the logs of an execution, or of one of its steps."""
    if on is Backend.AWS:
        from sagetabular.cli.aws import executions as on_aws

        on_aws.logs(identifier, step, stage)
        return
    refuse_aws_only({"--stage": stage})
    record, step = _record_and_step(LocalSageMaker(find_project().home), identifier, step)
    if step is not None and step not in record.steps:
        msg = f"Execution {record.id} has no step {step!r}."
        raise UserError(msg, did_you_mean(step, record.steps))
    for name in [step] if step else record.steps:
        for file in record.log_files(name):
            typer.echo(f"==> {name}: {file.stem} <==")
            typer.echo(file.read_text(encoding="utf-8", errors="replace"))


def _record_and_step(
    sagemaker: LocalSageMaker, identifier: str | None, step: str | None
) -> tuple[ExecutionRecord, str | None]:
    """Return the execution and the step: one word alone may be a step of the latest."""
    if identifier is not None and step is None:
        latest = read_history(sagemaker).records[:1]
        if latest and identifier in latest[0].steps:
            return latest[0], identifier
    return execution_or_latest(sagemaker, identifier), step


def stop(identifier: Identifier, stage: Stage = None) -> None:
    """Stop an execution on AWS, and its jobs; one on this machine ends with Ctrl-C."""
    from sagetabular.cli.aws.executions import open_executions

    executions = open_executions(stage)
    found = executions.find(identifier)
    if not found.runs:
        typer.echo(f"{found.id} had ended before: {found.status}")
        return
    executions.stop(found.arn)
    option = f" --stage {stage}" if stage else ""
    typer.echo(f"{found.id} is asked to stop. See `pipeline show {found.id} --on aws{option}`.")


def _status(step: StepRecord) -> str:
    status = step.shown_status
    return status if step.outcome is None else f"{status}: {step.outcome}"


def _seconds(record: ExecutionRecord | StepRecord) -> str:
    if not record.start_time or not record.end_time:
        return ""
    start, end = datetime.fromisoformat(record.start_time), datetime.fromisoformat(record.end_time)
    return f"{(end - start).total_seconds():.1f}"


def _first_line(text: str | None) -> str:
    return (text or "").split("\n", maxsplit=1)[0]
