"""`pipeline import`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.cli.terminal.output import program
from sagetabular.project import find_project

if TYPE_CHECKING:
    from sagetabular.migration.writing import Written


def import_configuration(
    files: Annotated[list[Path], typer.Argument(metavar="CONF", help="Configuration files.")],
    source: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="The repository with the programs.",
            show_default="where each file lies, or above it",
        ),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Value of a placeholder.",
            show_default="from the environment",
        ),
    ] = None,
    like: Annotated[
        str, typer.Option(metavar="MODEL", help="Code to begin with, where the files have none.")
    ] = "decision_tree",
    positive: Annotated[
        str | None,
        typer.Option(metavar="CLASS", help="The class to find, where a tuner's target has two."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be written, and write nothing.")
    ] = False,
) -> None:
    """Import a pipeline that another framework's files describe: its models, steps and edges.

    Reads the YAML files of dynamic-sagemaker-pipelines-framework, or the ml-parameters.json,
    hyperparameters.json and manifest.json of a model tuner. What has another name here, and what
    cannot be carried over, is listed. Nothing that exists is overwritten.

    Example: pipeline import ../churn/conf/conf.yaml --set SMP_REGION=eu-west-1
    """  # fmt: skip
    from sagetabular.migration.documents import label_of
    from sagetabular.migration.placeholders import Placeholders, parse_values
    from sagetabular.migration.reading import Options, read_plan
    from sagetabular.migration.writing import write_plan

    project = find_project()
    placeholders = Placeholders(parse_values(values or []), os.environ)
    options = Options(placeholders, source, like, project.settings.pipeline, positive)
    plan = read_plan(files, options)
    sources = ", ".join(label_of(Path(file.name)) for file in files)
    written = write_plan(project.root, plan, sources, dry_run=dry_run)
    _print_files(written, dry_run=dry_run)
    for remark in plan.remarks:
        typer.echo(remark)
    if not dry_run:
        typer.echo(f"Look at it: {program()} graph -o graph.html")


def _print_files(written: list[Written], *, dry_run: bool) -> None:
    for entry in written:
        if not dry_run:
            typer.echo(f"Wrote {entry.file}")
        elif entry.file.endswith(".yaml"):
            typer.echo(f"==> {entry.file} <==\n{entry.content.decode()}")
        else:
            typer.echo(f"==> {entry.file} <== ({len(entry.content):,} bytes)")
