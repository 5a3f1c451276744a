"""`pipeline report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from localsage import LocalSageMaker
from localsage.files import write_bytes
from pipelines.cli.output import shown
from pipelines.errors import UserError
from pipelines.project import find_project


def report(
    identifier: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]", help="Execution, or the start of its name; else the latest."
        ),
    ] = None,
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
) -> None:
    """Write the report of an execution: one HTML file that needs no network.

    Example: pipeline report -o report.html
    """  # fmt: skip
    from pipelines.report import render_report

    sagemaker = LocalSageMaker(find_project().home)
    if identifier is None:
        latest = sagemaker.executions()[:1]
        if not latest:
            raise UserError("There is no execution to report on.", "Start one with `pipeline run`.")
        (record,) = latest
    else:
        record = sagemaker.execution(identifier)
    file = (output or record.directory / "report.html").absolute()
    page = render_report(sagemaker, record, file.parent).encode("utf-8", errors="replace")
    try:
        write_bytes(file, page)
    except OSError as err:
        msg = f"{file}: cannot be written: {err.strerror}."
        raise UserError(msg, "Give -o a file in a folder that is yours.") from err
    typer.echo(f"{shown(file)}: {len(page):,} bytes")
