"""`pipeline infra`: the project's CloudFormation templates, and their stacks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from sagetabular.cli.options import AsJson, DryRun, Stage, Yes, project_in
from sagetabular.cli.terminal.output import shown
from sagetabular.errors import UserError

app = typer.Typer(
    help="Check the project's CloudFormation templates, deploy them, and remove what they made.",
    no_args_is_help=True,
)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="CONCERN", help="Template, such as data-lake.", show_default="all"),
]
# Stages that nobody removes by a variable that is left over from something else.
_PRODUCTION = re.compile(r"pro?d.*|live|main")


@app.command()
def render(
    folder: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to write them.")
    ],
    names: Names = None,
    stage: Stage = None,
) -> None:
    """Write the templates as they are deployed, with Lambdas and columns in their place.

    Any other tool can deploy these files. The same project gives the same bytes. A file that
    is no earlier rendering is never overwritten.

    Example: pipeline infra render -o build/templates
    """
    from sagetabular.infrastructure.concerns import find_concerns
    from sagetabular.infrastructure.rendering import render as write

    for file in write(find_concerns(project_in(stage), names or ()), folder):
        typer.echo(f"{shown(file.absolute())}: {file.stat().st_size:,} bytes")


@app.command()
def validate(names: Names = None, stage: Stage = None) -> None:
    """Check the templates for this project and stage, without network or AWS account.

    It checks parameters and their values, references, names that must not be too long, sizes and
    the Lambdas' code. cfn-lint checks them too where it is installed. The exit code is 2 when
    something is to fix.
    """
    from sagetabular.cli.infrastructure.validating import validate as check

    check(project_in(stage), names or ())


@app.command()
def diff(names: Names = None, stage: Stage = None) -> None:
    """Say what deploying would create, change, replace and remove, and what costs money.

    Nothing is changed. Stacks that there are, are compared by change sets, which are removed
    again. Templates that lack a value are left out, and it is said which value.
    """
    from sagetabular.cli.infrastructure.working import diff as show

    show(project_in(stage), names or ())


@app.command()
def deploy(
    names: Names = None,
    stage: Stage = None,
    yes: Yes = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Also what holds data, such as a table, may be replaced or removed."
        ),
    ] = False,
    sample: Annotated[
        bool,
        typer.Option(
            "--sample", help="Also upload this machine's table, for a lake that is empty."
        ),
    ] = False,
) -> None:
    """Make the stacks on AWS what the templates say; asks before.

    It says account, region and stage, what happens to each resource, and what costs money. What
    holds data is never replaced or removed without --replace. Values for parameters stand in
    conf/aws.yaml, under infrastructure.parameters; outputs of one stack are parameters of others.

    The exit code is 2 for a mistake, and 1 where CloudFormation fails: it says which resource and
    why. After Ctrl-C, which is 130, CloudFormation ends what it has begun.

    Example: pipeline infra deploy data-lake roles --stage dev
    """  # fmt: skip
    from sagetabular.cli.infrastructure.working import deploy as work

    work(project_in(stage), names or (), yes=yes, replace=replace, sample=sample)


@app.command()
def destroy(
    names: Names = None, stage: Stage = None, yes: Yes = False, dry_run: DryRun = False
) -> None:
    """Remove stacks, the last one deployed first; says what goes and what stays, and asks.

    Buckets, tables and keys that a template retains stay, and are named. A stage that is called
    like production must be named by --stage: PIPELINE_STAGE is not enough.
    """
    from sagetabular.cli.infrastructure.working import destroy as work

    project = project_in(stage)
    if stage is None and project.stage is not None and _PRODUCTION.fullmatch(project.stage):
        msg = f"PIPELINE_STAGE is {project.stage}, whose stacks nobody removes by a variable."
        raise UserError(msg, f"Add --stage {project.stage}, if that is what you want.")
    work(project, names or (), yes=yes, dry_run=dry_run)


@app.command()
def outputs(names: Names = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Print what the stacks give to the pipeline, as lines for a shell.

    These are the variables that conf/aws.yaml names for role, bucket, keys and tracking.

    Example: eval "$(pipeline infra outputs --stage dev)"
    """
    from sagetabular.cli.infrastructure.working import outputs as show

    show(project_in(stage), names or (), as_json=as_json)
