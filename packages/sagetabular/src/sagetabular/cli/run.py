"""`pipeline run`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from sagelocal import LocalSageMaker, Reuse
from sagetabular.cli.options import (
    AsJson,
    Backend,
    LatestIdentifier,
    On,
    Stage,
    execution_or_latest,
    project_in,
    refuse_local,
)
from sagetabular.cli.terminal.output import failure_exit, print_result, shown
from sagetabular.cli.terminal.progress import show_progress
from sagetabular.errors import UserError
from sagetabular.local import runs
from sagetabular.local.data import find_data
from sagetabular.local.leaderboard import read_result
from sagetabular.local.scoring import objectives_in
from sagetabular.project import find_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagelocal import ExecutionRecord
    from sagetabular.project import Project

Plain = Annotated[
    bool,
    typer.Option("--plain", help="Say what happens in lines, on a terminal too; on AWS always."),
]


def run(
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Pipeline parameter; may be repeated."),
    ] = None,
    as_json: AsJson = False,
    plain: Plain = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Reuse no result of an earlier execution.")
    ] = False,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="STEP", help="Only this step and what depends on it."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="STEP", help="Only this step; may be repeated."),
    ] = None,
    based_on: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Where --from and --only take the other steps' results.",
            show_default="the latest, however it ended",
        ),
    ] = None,
    on: On = Backend.LOCAL,
    wait: Annotated[
        bool, typer.Option("--wait", help="With --on aws: stay until the execution has ended.")
    ] = False,
    stage: Stage = None,
) -> None:
    """Compile the pipeline, then run that definition on this machine, or on AWS.

    A step is not run again while nothing has changed that SageMaker's step cache compares, nor
    Ingest while the table, or the files, are the same.

    Everything it makes lies under .pipeline/. The exit code is 0 when a model was registered, 3
    when none was good enough, 2 for a mistake in conf/, models/ or the data and for a disk that
    takes nothing more, 130 after Ctrl-C or SIGTERM, 1 for any other failure.

    With --on aws the pipeline there is first brought up to date, as by `pipeline upsert`; account,
    region and the jobs that will be billed are told before. What happens there is always said in
    lines, as --plain asks. With --stage it is that stage's pipeline; without --on aws that stage's
    definition runs on this machine.

    Example: pipeline run --set MaxTrainingJobs=50 --set MinimumR2=0.8
    """
    if on is Backend.AWS:
        from sagetabular.cli.aws import executions as on_aws

        local_only = {"--no-cache": no_cache, "--from": first, "--only": only}
        refuse_local({**local_only, "--based-on": based_on})
        on_aws.run(parse_settings(settings or []), stage, wait=wait, as_json=as_json)
        return
    from sagetabular.compiling.compilation import compile_pipeline

    reuse = Reuse(cache=not no_cache, only=only or [], first=first, based_on=based_on)
    if based_on is not None and not reuse.selects:
        msg = f"--based-on {based_on} has no effect without --from or --only."
        raise UserError(msg, "Select steps, or leave it out.")
    project = project_in(stage)
    overrides = parse_settings(settings or [])
    find_data(project, overrides)  # before the seconds that compiling may take
    of_stage = f", the definition of stage {project.stage}" if project.stage else ""
    typer.echo(f"Running on this machine, in {shown(project.home)}{of_stage}", err=True)
    compiled = compile_pipeline(project.settings)
    with show_progress(objectives_in(compiled.definition), plain=plain) as listener:
        record = runs.start(project, compiled, overrides, listener, reuse)
    _report(project, record, as_json)


def resume(
    identifier: LatestIdentifier = None, as_json: AsJson = False, plain: Plain = False
) -> None:
    """Go on with an execution that was stopped, failed or was killed.

    Definition and parameters stay the same. No finished step is repeated, and no finished trial
    of a tuning step. The exit code is that of `pipeline run`.
    """
    project = find_project()
    wanted = execution_or_latest(LocalSageMaker(project.home), identifier)
    with show_progress(objectives_in(wanted.definition()), plain=plain) as listener:
        record = runs.resume(project, wanted.id, listener)
    _report(project, record, as_json)


def _report(project: Project, record: ExecutionRecord, as_json: bool) -> None:
    """Print what came of an execution, and end with its exit code."""
    sagemaker = LocalSageMaker(project.home)
    result = read_result(sagemaker, record)
    if as_json:
        typer.echo(json.dumps(result.as_dict(), allow_nan=False))
    else:
        print_result(result, record, project)
    failure_exit(record)


def parse_settings(settings: Sequence[str]) -> dict[str, str]:
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
