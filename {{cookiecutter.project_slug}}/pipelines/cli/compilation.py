"""`pipeline compile`."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from pipelines.errors import UserError
from pipelines.project import find_project


def compile_definition(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")
    ] = None,
) -> None:
    """Compile and check the pipeline definition (JSON), without network or AWS account.

    The same files give the same bytes, so a reviewer can compare definitions.
    Without -o it goes to standard output.
    """
    from pipelines.training.compilation import compile_pipeline

    compiled = compile_pipeline(find_project().settings)
    if output is None:
        typer.echo(compiled.definition.decode(), nl=False)
        return
    _write(output, compiled.definition)
    typer.echo(f"{output}: {len(compiled.definition):,} bytes")


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    staging = path.parent / f".{path.name}.{os.getpid()}"
    try:
        staging.write_bytes(content)
        staging.replace(path)
    except OSError as err:
        msg = f"{path}: cannot be written: {err.strerror}."
        raise UserError(msg, "Give -o a file in a folder that exists and is yours.") from err
    finally:
        with suppress(OSError):  # it is gone when all went well
            staging.unlink()
