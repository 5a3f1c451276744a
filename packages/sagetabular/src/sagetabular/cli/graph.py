"""`pipeline graph`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.cli.terminal.output import write_file
from sagetabular.project import find_project

if TYPE_CHECKING:
    from sagetabular.report.graph import DrawnGraph


class Format(StrEnum):
    """How the graph is written."""

    MERMAID = "mermaid"
    SVG = "svg"
    HTML = "html"


def graph(
    how: Annotated[
        Format | None,
        typer.Option("--format", help="How.", show_default="by FILE's ending, else mermaid"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")
    ] = None,
) -> None:
    """Draw the graph of the compiled definition: its steps, and what each waits for.

    An edge that a longer way says already is left out; the table of the HTML page has them all.
    A dotted edge only waits, a plain one carries results. Without -o it goes to standard output.

    Example: pipeline graph -o graph.svg
    """  # fmt: skip
    from sagelocal.definition import parse_definition
    from sagetabular.compiling.compilation import compile_pipeline
    from sagetabular.report.graph import graph_of

    settings = find_project().settings
    drawn = graph_of(parse_definition(compile_pipeline(settings).definition).steps)
    text = _write(drawn, how or _by_ending(output), settings.pipeline.name)
    if output is None:
        typer.echo(text, nl=False)
        return
    write_file(output, text.encode())
    typer.echo(f"{output}: {len(drawn.nodes)} steps")


def _by_ending(output: Path | None) -> Format:
    ending = output.suffix.lower().removeprefix(".") if output else ""
    return Format(ending) if ending in list(Format) else Format.MERMAID


def _write(drawn: DrawnGraph, how: Format, name: str) -> str:
    from sagetabular.report.drawing import draw_alone
    from sagetabular.report.mermaid import mermaid
    from sagetabular.report.page import render_graph

    if how == Format.HTML:
        return render_graph(name, drawn)
    return {Format.SVG: draw_alone, Format.MERMAID: mermaid}[how](drawn.reduced())
