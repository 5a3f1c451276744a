"""`pipeline report` and `pipeline compare`: what came of executions, as a page or side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sagelocal import LocalSageMaker
from sagetabular.cli.options import (
    AsJson,
    Backend,
    LatestIdentifier,
    On,
    Stage,
    execution_or_latest,
    project_in,
    refuse_aws_only,
    two_executions,
)
from sagetabular.cli.terminal.output import print_table, say_written
from sagetabular.errors import UserError
from sagetabular.files import write_bytes
from sagetabular.local.score_texts import score_text
from sagetabular.local.scoring import metric_named
from sagetabular.project import find_project
from sagetabular.project.title import title_of

if TYPE_CHECKING:
    from sagelocal import ExecutionRecord
    from sagetabular.local.leaderboard import Result
    from sagetabular.report.comparison import RunComparison

NONE = "-"


def report(
    identifier: LatestIdentifier = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write it.",
            show_default="report.html in the execution's folder",
        ),
    ] = None,
    on: On = Backend.LOCAL,
    stage: Stage = None,
) -> None:
    """Write the report of an execution: one HTML file that needs no network.

    Of an execution on AWS, what it shows is copied from there into .pipeline/aws.

    Example: pipeline report -o report.html
    """  # fmt: skip
    from sagetabular.report import render_report

    if on is Backend.AWS:
        sagemaker, record = _on_aws(identifier, stage)
    else:
        refuse_aws_only({"--stage": stage})
        sagemaker, record = _on_this_machine(identifier)
    file = (output or record.directory / "report.html").absolute()
    title = title_of(find_project().root)
    page = render_report(sagemaker, record, file.parent, title).encode("utf-8", errors="replace")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(file, page)
    except OSError as err:
        msg = f"{file}: cannot be written: {err.strerror}."
        raise UserError(msg, "Give -o a file in a folder that is yours.") from err
    say_written(file, f"{len(page):,} bytes")


def compare(
    first: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="Execution, or the start of its name.",
            show_default="the one before the latest",
        ),
    ] = None,
    second: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Another one.", show_default="the latest"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two executions: what was asked differently, and what came of it.

    Scores have a change only if they are of the same task and metric, and were measured on the
    same target and rows, split alike.
    """
    from sagetabular.report.comparison import compare as compare_executions

    sagemaker = LocalSageMaker(find_project().home)
    found = compare_executions(sagemaker, *two_executions(sagemaker, first, second))
    if as_json:
        typer.echo(json.dumps(found.as_dict(), allow_nan=False))
        return
    _print_comparison(found)


def _print_comparison(found: RunComparison) -> None:
    from sagetabular.report.overview import OBSTACLE, obstacle_rows

    if found.differences:
        header = ["setting", "first", "second"]
        print_table("Settings that differ", header, [list(row) for row in found.differences])
    else:
        typer.echo("Every setting is the same.")
    if found.why_not:
        title = f"\nNot comparable: {found.why_not}"
        print_table(title, OBSTACLE, obstacle_rows(found))
    for table in found.score_tables():
        if table.rows:
            print_table(f"\n{table.title}", ["model", "first ", "second ", "change "], table.rows)
    first, second = (metric.in_words for metric in found.metrics)
    same = first == second
    results = [
        [place, result.execution, result.status, result.winner or NONE, _score(result, same)]
        for place, result in (("first", found.first), ("second", found.second))
    ]
    title = f"test {first if same else 'score'} "
    print_table("\nWinner", ["", "execution", "status", "model", title], results)


def _score(result: Result, same: bool) -> str:
    """Return the winner's score, with the metric's name where it is not that of both."""
    metric = metric_named(result.metric)
    if result.score is None:
        return NONE
    text = score_text(metric, result.score)
    return text if same else f"{metric.in_words} {text}"


def _on_this_machine(identifier: str | None) -> tuple[LocalSageMaker, ExecutionRecord]:
    sagemaker = LocalSageMaker(find_project().home)
    return sagemaker, execution_or_latest(sagemaker, identifier)


def _on_aws(identifier: str | None, stage: str | None) -> tuple[LocalSageMaker, ExecutionRecord]:
    from sagetabular.aws.s3 import Objects
    from sagetabular.aws.sagemaker.executions import Executions
    from sagetabular.aws.sagemaker.jobs import Descriptions
    from sagetabular.cli.aws.executions import open_account
    from sagetabular.report.on_aws import Services, copy_execution

    project = project_in(stage)
    account, deployment = open_account(project)
    client = account.client("sagemaker")
    executions = Executions(client, deployment.pipeline)
    execution = executions.find(identifier) if identifier else executions.latest()
    services = Services(executions, Descriptions(client), Objects(account.client("s3")))
    copied = copy_execution(services, execution, deployment.pipeline, project.home / "aws")
    return copied.sagemaker, copied.record
