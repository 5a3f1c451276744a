"""`pipeline init`: from a file to a configured project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.cli.options import Yes
from sagetabular.cli.starting.showing import print_changes, print_plan, what_is_written
from sagetabular.cli.terminal.asking import ask_for, may_write
from sagetabular.cli.terminal.output import program
from sagetabular.errors import UserError
from sagetabular.printing import listed
from sagetabular.project import find_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagetabular.project import Project
    from sagetabular.starting.options import Wishes
    from sagetabular.starting.tables.sources import Source


def init(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="Files with the same columns, or DATABASE.TABLE."),
    ],
    target: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column to predict.", show_default="asked for"),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="regression, binary or multiclass.", show_default="by the target"),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(help="What models are selected by.", show_default="by the task"),
    ] = None,
    positive: Annotated[
        str | None,
        typer.Option(metavar="CLASS", help="The class to find.", show_default="yes, or the rarer"),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="random, stratified, grouped:COLUMN or time:COLUMN.", show_default="by the columns"
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Learn from this column; may be repeated."),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Leave this column out; may be repeated."),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format", metavar="COLUMN=FORMAT", help="How dates are written, as %d/%m/%Y."
        ),
    ] = None,
    written: Annotated[
        list[str] | None,
        typer.Option(
            "--files", metavar="KEY: VALUE", help="How the files are written, as 'decimal: \",\"'."
        ),
    ] = None,
    yes: Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written; write nothing.")
    ] = False,
) -> None:
    """Set the project up for your own table: columns, task, metric, split and gate.

    It shows what the table says, and what it would change in conf/pipeline.yaml and in the query,
    and asks. Then it writes both, and puts the table into the local lake. What it decides stands
    in conf/pipeline.yaml with the reason, and can be changed there.

    Ids, constants, texts that hardly repeat, and columns that give the target away are left out,
    unless --keep names them.

    Example: pipeline init ../wine.csv --target quality
    """
    from sagetabular.starting.options import Wishes

    columns = (keep or (), drop or (), formats or ())
    wishes = Wishes(task, metric, positive, split, *columns, written or ())
    if begin(find_project(), files, target, wishes, yes=yes, dry_run=dry_run):
        typer.echo(f"Run it: {program()} run")


def begin(
    project: Project,
    files: Sequence[str],
    target: str | None,
    wishes: Wishes,
    *,
    yes: bool = False,
    dry_run: bool = False,
) -> bool:
    """Do what `pipeline init` does; return whether the project is as it should be now.

    Args:
        project: The project.
        files: Files, or one table of the lake.
        target: The column to predict; None to ask for it.
        wishes: What is not to be found out.
        yes: Whether to write without asking.
        dry_run: Whether to write nothing.
    """
    from sagetabular.starting.changes.drafting import make_draft, plan_for, source_for
    from sagetabular.starting.changes.writing import write_draft
    from sagetabular.starting.options import parse_asked

    _ = project.settings  # an error in conf/ is reported before anything else
    source = source_for(project, files, wishes.files)
    asked = parse_asked(source, target or _ask_for_target(source), wishes)
    draft = make_draft(project, plan_for(project, source, asked))
    print_plan(draft)
    if not (draft.changed or draft.fills):
        typer.echo("\nNothing to change: the project says all this already.")
        return True
    print_changes(draft)
    typer.echo()
    if dry_run or not (yes or may_write(what_is_written(draft))):
        typer.echo("Nothing was written.")
        return False
    write_draft(project, draft)
    typer.echo(f"Wrote {what_is_written(draft)}.")
    return True


def _ask_for_target(source: Source) -> str:
    names = listed([column.written for column in source.columns])
    answer = ask_for(f"{source.title} has {names}.\nWhich column is to be predicted")
    if answer is None:
        msg = f"--target is missing: which column of {source.title} is to be predicted?"
        raise UserError(msg, f"It has {names}.")
    return answer
