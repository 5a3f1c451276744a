"""`pipeline image`: the project's container images."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.aws.images.building import PARAMETERS, image_of
from sagetabular.aws.images.building import build as build_image
from sagetabular.aws.images.engines import Engine, find_engine
from sagetabular.cli.options import Stage, project_in
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from sagetabular.aws.images.building import Image
    from sagetabular.project import Project

app = typer.Typer(help="Build the project's container images, and push them.", no_args_is_help=True)


class Target(StrEnum):
    """The Dockerfile's final stages."""

    MODEL = "model"
    JOBS = "jobs"


Targets = Annotated[
    list[Target] | None,
    typer.Option("--target", help="Only this image; may be repeated.", show_default="both"),
]
EngineName = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="docker, podman, finch or buildah.",
        envvar="CONTAINER_ENGINE",
        show_default="the first that works",
    ),
]


@app.command()
def build(
    targets: Targets = None,
    engine: EngineName = None,
    stage: Stage = None,
    options: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- OPTION", help="More options of the engine's build."),
    ] = None,
) -> None:
    """Build the images, tagged with a hash of what is in them, and print their names.

    An image that did not change keeps its name, whatever the commit.
    """
    project = project_in(stage)
    images = _images(project, targets)  # a mistake in conf/ is told before engines are looked for
    found = _engine(engine)
    for image in images:
        build_image(project, image, found, options or ())
        typer.echo(image.name)


@app.command()
def push(targets: Targets = None, engine: EngineName = None, stage: Stage = None) -> None:
    """Push the built images to the account's registry (ECR).

    Repositories are made where they are missing: tags cannot be moved, and every image is scanned.
    Prints the lines that tell `pipeline` where the images are: `eval "$(pipeline image push)"`.
    """
    from sagetabular.aws.deploying import tags_of
    from sagetabular.aws.deployment import deployment_of
    from sagetabular.aws.images.ecr import Registry

    project = project_in(stage)
    images = _images(project, targets)
    variables = [_variable(project, image) for image in images]
    deployment = deployment_of(project)
    account = deployment.connect()
    who = account.identity.account
    found = _engine(engine)
    typer.echo(f"AWS account {who}, {account.place}; ECR bills storage", err=True)
    tags = tags_of(project, deployment, account)
    registry = Registry(account.client("ecr"), tags)
    for variable, image in zip(variables, images, strict=True):
        pushed = registry.push(image, found)
        if pushed.was_there:
            typer.echo(f"{image.name} had been pushed before.", err=True)
        typer.echo(f"export {variable}={pushed.address}")


def _images(project: Project, targets: list[Target] | None) -> list[Image]:
    return [image_of(project, target.value) for target in dict.fromkeys(targets or Target)]


def _variable(project: Project, image: Image) -> str:
    """Name of the environment variable that `conf/aws.yaml` takes the image's address from."""
    parameter = PARAMETERS[image.target]
    names = {str(name): value for name, value in project.settings.aws.environment.items()}
    if parameter not in names:
        msg = f"conf/aws.yaml: environment must name the variable of {parameter}, got none."
        raise UserError(msg, f"Add, for example, `{parameter}: {image.target.upper()}_IMAGE_URI`.")
    return names[parameter]


def _engine(name: str | None) -> Engine:
    engine = find_engine(name)
    for fault in engine.passed_over:
        typer.echo(f"Not used: {fault}", err=True)
    return engine
