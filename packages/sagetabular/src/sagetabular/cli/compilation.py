"""`pipeline compile`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sagetabular.cli.output import write_file
from sagetabular.project import find_project


def compile_definition(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")
    ] = None,
) -> None:
    """Compile and check the pipeline definition (JSON), without network or AWS account.

    The same files give the same bytes, so a reviewer can compare definitions.
    Without -o it goes to standard output.
    """
    from sagetabular.compiling.compilation import compile_pipeline

    compiled = compile_pipeline(find_project().settings)
    if output is None:
        typer.echo(compiled.definition.decode(), nl=False)
        return
    write_file(output, compiled.definition)
    typer.echo(f"{output}: {len(compiled.definition):,} bytes")
