"""`get-pipeline-definition`: the definition, as SageMaker Projects asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sagetabular.cli.aws.contract import deployment_from, end, make_parser
from sagetabular.cli.terminal.output import say_written, write_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagetabular.project import Project


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the definition, to standard output if no file is named.

    It is the same whatever `--kwargs` says: names, role and bucket are parameters of its start.
    """
    parser = make_parser("get-pipeline-definition", "Compile the pipeline's definition (JSON).")
    parser.add_argument("-f", "--file-name", type=Path, help="Where to write it.")
    given = parser.parse_args(arguments)

    def run(project: Project) -> int:
        from sagetabular.compiling.compilation import compile_pipeline

        deployment_from(project, given)
        definition = compile_pipeline(project.settings).definition
        if given.file_name is None:
            typer.echo(definition.decode(), nl=False)
        else:
            write_file(given.file_name, definition)
            say_written(given.file_name, f"{len(definition):,} bytes")
        return 0

    end(run)
