"""`pipeline infra`: the project's CloudFormation templates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sagetabular.cli.terminal.output import shown
from sagetabular.project import find_project

app = typer.Typer(
    help="Check the project's CloudFormation templates, deploy them, and remove what they made.",
    no_args_is_help=True,
)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="CONCERN", help="Template, such as data-lake.", show_default="all"),
]


@app.command()
def render(
    folder: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to write them.")
    ],
    names: Names = None,
) -> None:
    """Write the templates as they are deployed, with Lambdas and columns in their place.

    Any other tool can deploy these files. The same project gives the same bytes. A file that
    is no earlier rendering is never overwritten.

    Example: pipeline infra render -o build/templates
    """
    from sagetabular.infrastructure.concerns import find_concerns
    from sagetabular.infrastructure.rendering import render as write

    for file in write(find_concerns(find_project(), names or ()), folder):
        typer.echo(f"{shown(file.absolute())}: {file.stat().st_size:,} bytes")
