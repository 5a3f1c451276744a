"""`pipeline eject` and `pipeline vendor`."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer

from sagetabular.cli.terminal.output import program, shown, write_file
from sagetabular.errors import UserError
from sagetabular.project import Project, find_project


def eject(
    job: Annotated[
        str | None, typer.Argument(metavar="JOB", help="Such as preprocess.", show_default=False)
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Unpack the sources of both packages instead.")
    ] = False,
) -> None:
    """Copy a job of the package into the project, to change what it does.

    The copy is pipelines/training/JOB.py. It runs as it is, once the line of
    pipelines/training/pipeline.py says so that is printed. `pipeline doctor` says when the
    original has changed since.

    With --all, both packages come into packages/ as sources: then the project no longer gets new
    versions of them with the template.

    Jobs: ingest, ingest_files, preprocess, evaluate, select, track

    Example: pipeline eject preprocess
    """  # fmt: skip
    if everything == (job is not None):
        msg = f"Either JOB or --all must be given, got {'both' if everything else 'neither'}."
        raise UserError(msg, "Write, for example, `pipeline eject preprocess`.")
    project = find_project()
    if job is None:
        _eject_packages(project)
    else:
        _eject_job(project, job)


def _eject_job(project: Project, job: str) -> None:
    from sagetabular.compiling.loading import FILE
    from sagetabular.project.ejection import STEPS, copy_of, place_of
    from sagetabular.project.replacing import line_with

    content = copy_of(project, job)
    target = place_of(project.root, job)
    write_file(target, content.encode())
    line = line_with(project.root, *STEPS[job], job)
    graph = shown(project.root / FILE)
    typer.echo(f"{shown(target)} is a copy of the job {job}.")
    if line.done:
        typer.echo(f"{graph}, line {line.number}, names it already:")
    elif line.number is None:
        typer.echo(f"It runs as soon as {graph} names it, in a line like this:")
    else:
        typer.echo(f"It runs as soon as line {line.number} of {graph} is:")
    typer.echo(f"\n{textwrap.indent(line.text, '    ')}\n")
    typer.echo(f"Then: {program()} compile -o pipeline-definition.json")


def _eject_packages(project: Project) -> None:
    from sagetabular.project.packages import PACKAGES, unpack

    versions = unpack(project.root)
    folders = " and ".join(f"packages/{name}" for name in PACKAGES)
    named = " and ".join(f"{name} {version}" for name, version in versions.items())
    typer.echo(f"{folders} are the sources of {named}.")
    typer.echo("What runs, here, in images and on build servers, still comes from vendor/.")
    typer.echo("After a change in packages/:")
    typer.echo(f"  {program()} vendor  # builds the wheels in vendor/ anew, and changes the locks")
    typer.echo("  make lock        # only if a pyproject.toml in packages/ needs other libraries")
    typer.echo("  make setup       # installs them into .venv/")
    typer.echo("`cruft update` brings wheels alone: new versions are yours to merge from now on.")
    typer.echo("To go back: delete packages/, and restore vendor/ and the locks from git.")


def vendor() -> None:
    """Build the wheels in vendor/ anew from packages/, and name them in the lock files.

    For a project after `pipeline eject --all`. The version gets a part that is made of the
    sources, such as 1.0.0+own.3f2a9c41d0, so that every change is installed and the same sources
    give the same version. `make setup` installs the wheels; images and build servers take them
    from vendor/ too.
    """
    from sagetabular.project.packages import rebuild

    project = find_project()
    for wheel in rebuild(project.root):
        typer.echo(f"{shown(project.root / 'vendor' / wheel.name)}: {wheel.state}")
    typer.echo("Then: make setup")
