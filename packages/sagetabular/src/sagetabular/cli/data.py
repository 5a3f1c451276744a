"""`pipeline data`: fill the local lake, which emulates Athena's tables, or the files in S3."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.cli.options import Stage, project_in
from sagetabular.cli.terminal.output import say

if TYPE_CHECKING:
    import pyarrow as pa

    from sagetabular.lake.store import Kind
    from sagetabular.project import Project
    from sagetabular.reading.tables import Added

app = typer.Typer(
    help="Fill the local lake, or the tables of Athena that it stands in for.", no_args_is_help=True
)


@app.command()
def sample(
    rows: Annotated[int, typer.Option(min=1, help="Number of rows.")] = 6000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random numbers.")] = 23,
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Only if the lake does not have the table yet.")
    ] = False,
    offer: Annotated[
        bool, typer.Option("--offer", help="Ask before for a file of your own, on a terminal.")
    ] = False,
) -> None:
    """Make up a housing table."""
    from sagetabular.cli.starting.offering import offered
    from sagetabular.lake.add import typed_frame
    from sagetabular.lake.sample import SAMPLE_TITLE, make_sample
    from sagetabular.local.data import has_data
    from sagetabular.local.declared import declared_columns

    project = _project()
    if (if_empty and has_data(project)) or (offer and offered(project)):
        return
    table = typed_frame(make_sample(rows, seed), declared_columns(project), "The made-up sample")
    _store(project, table, "sample", f"{SAMPLE_TITLE} ({rows:,} rows, seed {seed})")


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="CSV, Excel or Parquet.", metavar="FILE")],
    table: Annotated[
        str | None, typer.Option(help="Name in the lake.", show_default="data.table")
    ] = None,
) -> None:
    """Put your own files into the lake, in place of the table that is there."""
    from sagetabular.local.declared import lacks, made_by_query, read_declared
    from sagetabular.printing import listed

    project = _project()
    added = read_declared(files, project, wanted=table is None)
    title = listed([file.name for file in files])
    _store(project, added.table, "files", title, name=table)
    _print_names(added, made_by_query(project))
    for line in lacks(project, added.table.column_names) if table is None else ():
        say(line)


@app.command()
def fetch() -> None:
    """Download the real California housing table."""
    from sagetabular.lake.add import typed_frame
    from sagetabular.lake.fetch import FETCHED_TITLE, fetch_california
    from sagetabular.local.declared import declared_columns

    project = _project()
    declared = declared_columns(project)  # so that an error in them is reported before the download
    frame = fetch_california(project.root / ".pipeline/downloads")
    table = typed_frame(frame, declared, "The California housing table")
    _store(project, table, "fetched", FETCHED_TITLE)


@app.command()
def show(
    table: Annotated[
        str | None,
        typer.Argument(metavar="TABLE", help="Name in the lake.", show_default="data.table"),
    ] = None,
    rows: Annotated[int, typer.Option(min=0, max=20, help="How many of the first rows.")] = 3,
) -> None:
    """Show a table: rows, columns with types and missing values, and its first rows.

    It changes nothing. A column is a line, so that many of them can be read.
    """
    from sagetabular.cli.terminal.output import print_table, shown
    from sagetabular.local.tables import look_at

    found = look_at(_project(), table, rows)
    typer.echo(f"{shown(found.folder)}: {found.title}")
    typer.echo(
        f"{found.rows:,} rows, {sum(c.missing is not None for c in found.columns)} columns\n"
    )
    count = min(rows, found.rows)
    lines = [
        [
            column.name,
            column.type,
            column.declared or "-",
            "-" if column.missing is None else f"{column.missing:,}",
            *(column.values or ["-"] * count),
        ]
        for column in found.columns
    ]
    header = ["column", "type", "declared", "missing ", *(f"row {n + 1}" for n in range(count))]
    print_table("", header, lines)


@app.command()
def upload(
    table: Annotated[
        str | None, typer.Option(help="Table of the local lake.", show_default="data.table")
    ] = None,
    partition_by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Let Athena skip rows by this column's value; may be repeated.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Redefine a table of this name that is another one.")
    ] = False,
    stage: Stage = None,
) -> None:
    """Make a table of the local lake one of Athena's, and print where its files are.

    Parquet files go to the bucket under keys of their content, database, table and partitions into
    the Glue catalogue; what is there is neither sent nor changed again. An earlier content stays
    in the bucket, for queries that are reading it, and no table reads it any more.

    --partition-by makes a folder for each value, so choose columns that have few, and that most
    queries compare: text, whole numbers or days, with no value missing.
    """
    from sagetabular.aws.deployment import deployment_of
    from sagetabular.aws.tables import upload_table
    from sagetabular.cli.terminal.output import report

    project = project_in(stage)
    where = deployment_of(project)
    typer.echo(upload_table(project, where, table, partition_by or (), report, replace=replace))


@app.command()
def export(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")
    ],
) -> None:
    """Write this machine's table as the file that the lake on AWS reads.

    It has the columns of conf/pipeline.yaml in their order, since Athena reads CSV by position;
    your own file may have others between them. It is Parquet where data.files says what Athena
    cannot read.

    Example: pipeline data export -o part-0.csv
    """
    from sagetabular.cli.terminal.output import say_written, write_file
    from sagetabular.errors import UserError
    from sagetabular.infrastructure.sample import sample_of

    key, body = sample_of(_project())
    ending = Path(key).suffix
    if output.suffix.lower() != ending:
        msg = f"-o must name a file that ends in {ending}, got {output}."
        raise UserError(msg, "Name it so: the table on AWS has files of that format alone.")
    write_file(output, body)
    say_written(output, f"{len(body):,} bytes")


@app.command()
def crawl(
    uri: Annotated[str, typer.Argument(metavar="S3-URI", help="Folder of CSV files.")],
    role: Annotated[
        str | None,
        typer.Option(help="ARN of a role for Glue.", show_default="RoleArn of conf/aws.yaml"),
    ] = None,
    wait: Annotated[bool, typer.Option(help="Stay until the crawler has ended.")] = True,
    stage: Stage = None,
) -> None:
    """Let a Glue crawler make tables of CSV files that are in S3, and print their names.

    The table is named after the folder. The role must be one that Glue may assume, and may read
    the files.
    """
    from sagetabular.aws.deployment import deployment_of
    from sagetabular.aws.tables import start_crawler, table_of
    from sagetabular.cli.terminal.output import report

    project = project_in(stage)
    where = deployment_of(project)
    started = start_crawler(project, where, uri, role, report)
    if not wait:
        name = started.crawler.name
        say(f"It has started. To wait for its tables: pipeline data crawl {uri}{where.option}")
        say(f"To look at it: aws glue get-crawler --region {where.region} --name {name}")
        return
    names, (_, wanted) = started.tables(), table_of(project)
    for name in names:
        typer.echo(name)
    if wanted.lower() not in names:
        say(f"conf/pipeline.yaml: data.table is {wanted}; set it to {names[0]} to read this one.")


def _project() -> Project:
    """Load the project, which takes a moment and may fail: not when `--help` is asked for."""
    from sagetabular.project import find_project

    return find_project()


def _store(
    project: Project, table: pa.Table, kind: Kind, title: str, name: str | None = None
) -> None:
    """Write a table, under another name than the project's if one is given; say what and where."""
    from sagetabular.lake.store import write_table
    from sagetabular.local.data import data_folder
    from sagetabular.local.declared import notes_of

    folder = data_folder(project, name)
    write_table(folder, table, kind=kind, title=title)
    tables = project.settings.pipeline.data.reads_tables
    typer.echo(f"{f'{folder.parent.name}.{folder.name}' if tables else 'data.uri'}: {title}")
    typer.echo(f"  {table.num_rows:,} rows, {table.num_columns} columns, in {folder}")
    missing = {column: table[column].null_count for column in table.column_names}
    counts = [f"{column} {count:,}" for column, count in missing.items() if count]
    typer.echo(f"  missing values: {', '.join(counts) or 'none in any column'}")
    for note in notes_of(project, table) if name is None else ():
        typer.echo(f"  {note}")


def _print_names(added: Added, made: frozenset[str]) -> None:
    """Print which columns have another name now, and which are not declared."""
    from sagetabular.printing import listed, printable

    for written, name in added.renamed.items():
        typer.echo(f"  {printable(written)} is {printable(name)}")
    if added.nameless:
        typer.echo(f"  left out: {added.nameless} column(s) without a name")
    if undeclared := [name for name in added.undeclared if name not in made]:
        names = listed(undeclared)
        typer.echo(f"  kept, but not declared in conf/pipeline.yaml: {names}")
