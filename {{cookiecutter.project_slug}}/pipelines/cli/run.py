"""`pipeline run`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from localsage import LocalSageMaker
from pipelines import local
from pipelines.cli.output import failure_exit, print_result
from pipelines.cli.progress import PlainProgress
from pipelines.errors import UserError
from pipelines.leaderboard import read_result
from pipelines.project import find_project

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Pipeline parameter; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compile the pipeline, then run that definition on this machine.

    Everything it makes lies under .pipeline/. The exit code is 0 when a model was registered, 3
    when none was good enough, 2 for a mistake in conf/, models/ or the data, 1 for any other
    failure.

    Example: pipeline run --set MaxTrainingJobs=50 --set MinimumR2=0.8
    """
    from pipelines.training.compilation import compile_pipeline

    project = find_project()
    overrides = _parse(settings or [])
    typer.echo(f"Running on this machine, in {project.home}", err=True)
    compiled = compile_pipeline(project.settings)
    record = local.start(project, compiled, overrides, PlainProgress())
    sagemaker = LocalSageMaker(project.home)
    result = read_result(sagemaker, record)
    if as_json:
        typer.echo(json.dumps(result.as_dict(), allow_nan=False))
    else:
        print_result(result, record, project)
    failure_exit(record)


def _parse(settings: Sequence[str]) -> dict[str, str]:
    """Read `NAME=VALUE`.

    Raises:
        UserError: A word has no `=`, or a name stands twice.
    """
    overrides: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            msg = f"--set must be NAME=VALUE, got {setting!r}."
            raise UserError(msg, "Write, for example, --set MaxTrainingJobs=50.")
        if name in overrides:
            msg = f"--set names {name} twice, with {overrides[name]!r} and {value!r}."
            raise UserError(msg, "Keep one of them.")
        overrides[name] = value
    return overrides
