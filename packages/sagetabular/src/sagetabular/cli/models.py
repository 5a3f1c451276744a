"""`pipeline model`: list and add models, and check that models do what every model must."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from sagetabular.cli.terminal.output import USER_ERROR, print_table, program, shown
from sagetabular.errors import UserError
from sagetabular.project import find_project

if TYPE_CHECKING:
    from sagetabular.model_checks import Outcome
    from sagetabular.project import Project

app = typer.Typer(help="List, add and check models.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new folder.")],
    like: Annotated[
        str, typer.Option(metavar="MODEL", help="The model to begin with.")
    ] = "decision_tree",
    title: Annotated[
        str | None,
        typer.Option(
            metavar="TITLE", help="What names its steps.", show_default="NAME in CamelCase"
        ),
    ] = None,
) -> None:
    """Add a model: a folder of its own in models/ that runs at once, as a copy of another.

    Example: pipeline model add random_forest --like decision_tree
    """  # fmt: skip
    from sagetabular.project.models import add_model
    from sagetabular.settings import load_project

    project = find_project()
    load_project(project.root)  # an error in conf/ is reported before anything is added
    chosen = add_model(project.root, name, like, title)
    typer.echo(f"models/{name} is a copy of models/{like}; its steps are called …{chosen}.")
    typer.echo("Change the functions in model.py, and image and search space in model.yaml.")
    if name not in load_project(project.root).models:
        typer.echo(f"Add {name} to `models:` in conf/pipeline.yaml, which lists those in use.")
    typer.echo(f"Then: {program()} model check {name}")


@app.command("list")
def list_all() -> None:
    """List the models: those that the pipeline uses, and the others in models/."""
    project = find_project()
    rows = [
        [
            name,
            "yes",
            unit.model.title,
            _image(unit.model.image),
            ", ".join(unit.model.ranges) or "no search",
            shown(unit.folder),
        ]
        for name, unit in project.settings.units.items()
    ]
    own = sorted(file.parent for file in (project.root / "models").glob("*/model.yaml"))
    used = {unit.folder.resolve() for unit in project.settings.units.values()}
    rows += [
        [folder.name, "no", "", "", "", shown(folder)]
        for folder in own
        if folder.resolve() not in used
    ]
    print_table("", ["model", "in use", "title", "image", "searched", "folder"], rows)
    if any(row[1] == "no" for row in rows):
        typer.echo("Those not in use are missing from `models:` in conf/pipeline.yaml.")


def _image(image: object) -> str:
    """Return what a model runs in: `project`, or a framework of AWS's with its version."""
    framework, version = getattr(image, "framework", None), getattr(image, "version", None)
    return f"{framework} {version}" if framework else str(image)


@app.command()
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Models.", show_default="all in use"),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Print the whole traceback of what failed.")
    ] = False,
) -> None:
    """Check that models do what every model must, on made-up rows.

    The same suite runs in the project's tests. The exit code is 2 when a check fails.

    Example: pipeline model check random_forest
    """  # fmt: skip
    project = find_project()
    chosen = names or [name for name in project.settings.models if not _why_not(name, project)]
    for name in chosen:
        _require_known(name, project)
    failed = [name for name in chosen if not _check_one(name, project, verbose=verbose)]
    if failed:
        raise typer.Exit(USER_ERROR)


def _require_known(name: str, project: Project) -> None:
    known = project.settings.models
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        msg = f"NAME must be a model that the pipeline uses, got {name!r}."
        raise UserError(msg, f"{hint}There are {', '.join(known)}.")
    if reason := _why_not(name, project):
        label = project.settings.units[name].label
        raise UserError(f"{label}: the model {reason}.", "Name another one, or none for all.")


def _why_not(name: str, project: Project) -> str:
    """Return why a model cannot be checked here; empty if it can."""
    folder = project.settings.units[name].folder
    if not (folder / "model.py").is_file():
        return "has no model.py to check"
    return "" if folder.parent == project.root / "models" else "must be checked where it lies"


def _check_one(name: str, project: Project, *, verbose: bool) -> bool:
    """Check a model and print what came of it; return whether all is well."""
    from sagetabular.model_checks import Asked, check_model

    settings, asked = project.settings.models[name], Asked.by(project.settings.pipeline)
    with Console(stderr=True).status(f"Checking models/{name}"):
        outcomes = list(check_model(project.root, name, settings, asked))
    rows = [[outcome.check, outcome.status, outcome.reason] for outcome in outcomes]
    print_table(f"models/{name}", ["check", "result", "reason"], rows)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    typer.echo(f"{len(outcomes)} checks, {len(failed)} failed.\n")
    if verbose:
        _print_details(failed)
    elif any(outcome.details for outcome in failed):
        typer.echo("The whole of an error: --verbose.\n", err=True)
    return not failed


def _print_details(failed: list[Outcome]) -> None:
    for outcome in failed:
        if outcome.details:
            print(f"==> {outcome.check} <==\n{outcome.details}", file=sys.stderr)
