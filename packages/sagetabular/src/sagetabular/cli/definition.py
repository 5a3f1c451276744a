"""`pipeline compile`, `graph` and `upsert`: the definition checked, drawn, and brought to AWS."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.cli.options import Stage, project_in
from sagetabular.cli.terminal.output import print_table, report, say, say_written, write_file
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from sagetabular.compiling.comparing import Comparison
    from sagetabular.report.graph import DrawnGraph


class Format(StrEnum):
    """Form in which the graph is written."""

    MERMAID = "mermaid"
    SVG = "svg"
    HTML = "html"


_ENDINGS = {
    ".svg": Format.SVG,
    ".html": Format.HTML,
    **dict.fromkeys((".mmd", ".mermaid", ".md", ".txt", ""), Format.MERMAID),
}


def compile_definition(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")
    ] = None,
    earlier: Annotated[
        Path | None,
        typer.Option(
            "--compare", metavar="OLD", help="Say what differs from this earlier definition."
        ),
    ] = None,
    stage: Stage = None,
) -> None:
    """Compile and check the pipeline definition (JSON), without network or AWS account.

    The same files give the same bytes, so a reviewer can compare definitions.
    Without -o it goes to standard output.

    With --compare, standard output says instead which steps differ from those of an earlier
    definition, which of them run again by the rules of SageMaker's step cache, and why.

    Example: pipeline compile --compare pipeline-definition.json
    """  # fmt: skip
    from sagetabular.compiling.comparing import compare
    from sagetabular.compiling.compilation import compile_pipeline
    from sagetabular.compiling.documents import read_definition
    from sagetabular.settings.data_checks import time_notes
    from sagetabular.settings.models.lineage import lineage_notes

    # Before anything is written: it may be the same file.
    old = None if earlier is None else read_definition(_content(earlier), str(earlier))
    settings = project_in(stage).settings
    compiled = compile_pipeline(settings)
    if output is not None:
        write_file(output, compiled.definition)
        say_written(output, f"{len(compiled.definition):,} bytes")
    if old is not None:
        _print_comparison(compare(old, json.loads(compiled.definition)))
    elif output is None:
        typer.echo(compiled.definition.decode(), nl=False)
    for note in (*time_notes(settings.pipeline), *lineage_notes(settings)):
        say(f"Note: {note}")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as err:
        msg = f"--compare must name an earlier definition, but {file} cannot be read: "
        raise UserError(
            f"{msg}{err.strerror}.", "Write one with `pipeline compile -o FILE` before a change."
        ) from err


def _print_comparison(found: Comparison) -> None:
    from sagetabular.compiling.comparing import Runs

    rows = [
        [
            each.name,
            each.state,
            ", ".join(map(str, each.differences)),
            each.runs,
            "; ".join(each.why),
        ]
        for each in found.steps
    ]
    print_table("Steps", ["step", "definition", "what differs", "runs again", "why"], rows)
    for title, differences in (
        ("Defaults", found.defaults),
        ("Elsewhere", found.elsewhere),
    ):
        if differences:
            table = [[each.what, each.old, each.new] for each in differences]
            print_table(f"\n{title}", ["name", "before", "now"], table)
    count = sum(each.runs is Runs.AGAIN for each in found.steps)
    typer.echo(f"\n{count} of {len(found.steps)} steps run again for what differs.")
    if any(each.runs is Runs.ALWAYS for each in found.steps):
        typer.echo(
            "Every time: on SageMaker they run whatever differs; this machine reuses Ingest, and "
            "what reads it, while the rows are the same."
        )
    if found.given:
        typer.echo(f"Not compared, since a start gives their values: {', '.join(found.given)}.")


def graph(
    how: Annotated[
        Format | None,
        typer.Option("--format", help="How.", show_default="by FILE's ending, else mermaid"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")
    ] = None,
    stage: Stage = None,
) -> None:
    """Draw the graph of the compiled definition: its steps, and what each waits for.

    An edge that a longer way says already is left out; the table of the HTML page has them all.
    A dotted edge only waits, a plain one carries results. Without -o it goes to standard output.

    Example: pipeline graph -o graph.svg
    """  # fmt: skip
    from sagelocal.definition import parse_definition
    from sagetabular.compiling.compilation import compile_pipeline
    from sagetabular.report.graph import graph_of

    form = how or _by_ending(output)
    settings = project_in(stage).settings
    drawn = graph_of(parse_definition(compile_pipeline(settings).definition).steps)
    text = _write(drawn, form, settings.pipeline.name)
    if output is None:
        typer.echo(text, nl=False)
        return
    write_file(output, text.encode())
    say_written(output, f"{len(drawn.nodes)} steps")


def _by_ending(output: Path | None) -> Format:
    ending = output.suffix.lower() if output else ""
    if ending not in _ENDINGS:
        msg = f"-o must name a file that ends in {', '.join(filter(None, _ENDINGS))}, got {output}."
        raise UserError(msg, "Name it so, or say with --format what to write.")
    return _ENDINGS[ending]


def _write(drawn: DrawnGraph, how: Format, name: str) -> str:
    from sagetabular.report.drawing import draw_alone, mermaid
    from sagetabular.report.page import render_graph

    if how == Format.HTML:
        return render_graph(name, drawn)
    return {Format.SVG: draw_alone, Format.MERMAID: mermaid}[how](drawn.reduced())


def upsert(stage: Stage = None) -> None:
    """Make the pipeline on AWS what the project says, and print its ARN.

    Code, settings and query are stored under keys of their content: what is there is not sent
    again. Role and bucket come from the variables that conf/aws.yaml names. Nothing is started.
    """
    from sagetabular.aws.deploying import upsert_pipeline
    from sagetabular.aws.deployment import deployment_of

    project = project_in(stage)
    typer.echo(upsert_pipeline(project, deployment_of(project), report).arn)
