"""Tables and texts that several commands print."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sagetabular.errors import UserError
from sagetabular.files import is_plain, write_bytes
from sagetabular.local.score_texts import (
    deviation_text,
    direction_text,
    score_text,
)
from sagetabular.local.scoring import metric_named
from sagetabular.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sagelocal import ExecutionRecord
    from sagetabular.local.leaderboard import Result
    from sagetabular.project import Project


USER_ERROR, GATE, INTERRUPTED = 2, 3, 130
GAP = 2  # blanks between the columns of a table
_BLANKS = re.compile(r" +(?=(\x1b\[\d*m)*$)", re.MULTILINE)


def print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table; columns whose header ends in a blank are right-aligned.

    No word is cut, since identifiers and addresses are there to be copied: on a terminal that is
    too narrow columns wrap at blanks, and elsewhere nothing does.
    """
    console = Console()
    widths = _widths([columns, *rows], console.width if console.is_terminal else None)
    # Text, since a name in brackets is a name and no markup.
    table = Table(
        box=None,
        padding=(0, GAP, 0, 0),
        pad_edge=False,
        header_style="bold",
        show_header=any(columns),
    )
    for column, width in zip(columns, widths, strict=True):
        justify: Literal["right", "left"] = "right" if column.endswith(" ") else "left"
        table.add_column(column.strip(), justify=justify, width=width)
    for row in rows:
        table.add_row(*(Text(printable(cell, keep="\n")) for cell in row))
    wide_enough = Console(width=max(sum(widths) + GAP * len(widths), console.width))
    with wide_enough.capture() as printed:
        if title:  # the table's own title would be as narrow as the table
            wide_enough.print(Text(title, "italic"), soft_wrap=True)
        wide_enough.print(table)
    # Rows are filled up with blanks, which would wrap where one row is wider than the terminal.
    typer.echo(_BLANKS.sub("", printed.get()), nl=False)


def _widths(rows: list[list[str]], room: int | None) -> list[int]:
    """Return the width of each column; the widest that can wrap give way until all have room."""
    columns = list(zip(*rows, strict=True))
    widths = [max(cell_len(text.strip()) for text in column) for column in columns]
    words = [max(cell_len(word) for text in column for word in text.split() or [""])
             for column in columns]  # fmt: skip
    while room is not None and sum(widths) + GAP * (len(widths) - 1) > room:
        wrapping = [index for index, width in enumerate(widths) if width > words[index]]
        if not wrapping:
            break
        widths[max(wrapping, key=widths.__getitem__)] -= 1
    return widths


def print_result(result: Result, record: ExecutionRecord, project: Project) -> None:
    """Print the leaderboard, what was registered, and where everything lies."""
    if result.models:
        _print_leaderboard(result, record)
    typer.echo()
    for note in result.notes:
        typer.echo(f"Note         {printable(note)}")
    if result.model_package:
        status = record.parameters["ModelApprovalStatus"]
        typer.echo(f"Registered   {result.model_package} ({result.winner}, {status})")
    typer.echo(f"Execution    {result.execution}: {result.status}")
    typer.echo(f"Record       {shown(record.directory)}")
    typer.echo(f"Artefacts    {shown(project.home / 's3')}")
    typer.echo(f"Registry     {shown(project.home / 'model-registry')}")
    typer.echo(f"Look closer  {program()} show {result.execution}")
    typer.echo(f"Report       {program()} report {result.execution}")


def _print_leaderboard(result: Result, record: ExecutionRecord) -> None:
    metric = metric_named(result.metric)
    name = metric.in_words
    rows = [
        [
            entry.name,
            "" if entry.cv is None else score_text(metric, entry.cv),
            "" if entry.cv is None or entry.cv_std is None
            else deviation_text(metric, entry.cv, entry.cv_std),
            score_text(metric, entry.test),
            str(entry.trials),
        ]
        for entry in result.models
    ]  # fmt: skip
    header = ["model", f"cross-validated {name} ", "over folds ", f"test {name} ", "trials "]
    direction = "" if metric.greater_is_better else f"; {direction_text(metric)}"
    print_table(f"\nLeaderboard ({record.metadata['data']}){direction}", header, rows)


def shown(path: Path) -> str:
    """Return a path as a reader wants it: relative where it lies below the working directory."""
    here = Path.cwd()
    return printable(str(path.relative_to(here) if path.is_relative_to(here) else path))


def program() -> str:
    """Return how to call this program again: by its name where the shell finds it, else by path."""
    own = Path(sys.executable).parent / "pipeline"
    return "pipeline" if shutil.which("pipeline") == str(own) else os.path.relpath(own)


def how_to_go_on(record: ExecutionRecord) -> str:
    """Return how an execution that did not come to its end is resumed."""
    return f"Go on with `{program()} resume {record.id}`."


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        UserError: It cannot be written.
    """
    try:
        write_bytes(path, content)
    except OSError as err:
        msg = f"{path}: cannot be written: {err.strerror}."
        raise UserError(msg, "Name a file in a folder that exists and is yours.") from err


def say_written(path: Path, text: str) -> None:
    """Print what was written; where standard output may be the file itself, to standard error."""
    typer.echo(f"{shown(path)}: {text}", err=not is_plain(path))


def failure_exit(record: ExecutionRecord) -> None:
    """End with the exit code that an execution's end asks for; its reason goes to standard error.

    Raises:
        typer.Exit: The execution did not succeed.
    """
    if record.status == "Succeeded":
        return
    step = record.steps.get(record.failed_step or "")
    say(record.failure_reason or record.status)
    if record.status == "Stopped":
        typer.echo(how_to_go_on(record), err=True)
        raise typer.Exit(INTERRUPTED)
    if step is not None and step.kind == "Fail":
        raise typer.Exit(GATE)
    if step is not None and step.exit_code == USER_ERROR:
        raise typer.Exit(USER_ERROR)
    if step is not None:
        typer.echo(f"Read `{program()} logs {record.id} {step.name}`.", err=True)
    raise typer.Exit(1)


def say(text: str) -> None:
    """Print something that is no result."""
    typer.echo(printable(text, keep="\n"), err=True)


def report(title: str, lines: Iterable[str]) -> None:
    """Print one thing in lines of its own: ARNs are long, terminals 80 columns wide.

    Args:
        title: What it is; empty for sentences.
        lines: The text.
    """
    for number, line in enumerate(lines):
        say(f"{'' if number else title:<11} {line}" if title else line)
