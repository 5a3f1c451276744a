"""`pipeline registry`: the versions of the model, and their approval."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from sagelocal import LocalSageMaker
from sagetabular.cli.options import Backend, On, refuse_aws_only
from sagetabular.cli.serving.versions import (
    PRODUCTION,
    approval,
    comparable,
    data_here,
    direction,
    execution_of,
    is_made_up,
    metadata,
    metric,
    score,
    stage,
)
from sagetabular.cli.terminal.output import print_table
from sagetabular.errors import UserError
from sagetabular.project import chosen_stage, find_project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

app = typer.Typer(help="List, approve and reject registered model versions.", no_args_is_help=True)

Version = Annotated[int, typer.Argument(metavar="VERSION", help="Number of the version.")]
Stage = Annotated[
    str, typer.Option(metavar="NAME", help="Stage of the model's life that this is about.")
]
# Of `conf/aws.yaml`: beside the stage of a model's life, which was there first, by another name.
In = Annotated[
    str | None,
    typer.Option(
        "--in",
        metavar="NAME",
        help="Stage of conf/aws.yaml.",
        show_default="the variable PIPELINE_STAGE",
    ),
]
# What SageMaker takes as the name of a stage.
_STAGE = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


class _Versions(Protocol):
    """The versions of one group, here or on AWS."""

    group: str

    def all(self) -> Sequence[Mapping[str, Any]]:
        """Return them, oldest first."""

    def find(self, version: int) -> Mapping[str, Any]:
        """Return one of them."""

    def decide(self, version: int, status: str, stage: str) -> None:
        """Set the approval status and the stage of a version."""


class _LocalVersions:
    """The versions of one group in the registry of this machine."""

    def __init__(self, sagemaker: LocalSageMaker, group: str) -> None:
        self.sagemaker = sagemaker
        self._registry = sagemaker.registry
        self.group = group

    def all(self) -> Sequence[Mapping[str, Any]]:
        """Return them, oldest first."""
        return self._registry.packages(self.group)

    def find(self, version: int) -> Mapping[str, Any]:
        """Return one of them."""
        return self._registry.describe(self.group, version)

    def decide(self, version: int, status: str, stage: str) -> None:
        """Set the approval status and the stage of a version."""
        self._registry.update_approval(self.group, version, status, stage=stage)


@app.command("list")
def list_versions(on: On = Backend.LOCAL, place: In = None) -> None:
    """List the registered versions, oldest first."""
    versions = _open(on, place)
    packages = versions.all()
    if not packages:
        command = "pipeline run --on aws" if on is Backend.AWS else "pipeline run"
        typer.echo(f"Nothing is registered yet. `{command}` registers the best model.")
        return
    rows = [
        [
            str(package["ModelPackageVersion"]),
            metadata(package).get("model", ""),
            approval(package),
            execution_of(package),
            _data(versions, package),
            metadata(package).get("target", ""),
            _metric(package),
            score(package),
            _minute(package["CreationTime"]),
        ]
        for package in packages
    ]
    header = ["version ", "model", "approval", "execution", "data", "target", "metric", "score"]
    header.append("created")
    print_table(versions.group, header, rows)
    if not comparable(packages):
        typer.echo("Scores by another metric, or of another target, cannot be compared.")


@app.command()
def show(version: Version, on: On = Backend.LOCAL, place: In = None) -> None:
    """Show a version: approval, what serves it, where it comes from, its baselines."""
    versions = _open(on, place)
    package = versions.find(version)
    shown = metadata(package) | {"data": _data(versions, package)}
    if direction(package):
        shown["metric"] = f"{metric(package)}, {direction(package)}"
    rows = [
        ["approval", package["ModelApprovalStatus"]],
        ["stage", stage(package)],
        ["created", _minute(package["CreationTime"])],
        *([name, value] for name, value in shown.items()),
    ]
    specification = package.get("InferenceSpecification", {})
    for container in specification.get("Containers", []):
        rows += [["image", container["Image"]], ["artefact", container.get("ModelDataUrl", "")]]
    rows.append(["takes", ", ".join(specification.get("SupportedContentTypes", []))])
    rows += _baselines(package)
    print_table(f"{versions.group}/{version}", ["", ""], rows)


@app.command()
def approve(
    version: Version,
    stage: Stage = PRODUCTION,
    on: On = Backend.LOCAL,
    yes: Annotated[
        bool, typer.Option("--yes", help="Also a model that was trained on made-up data.")
    ] = False,
    place: In = None,
) -> None:
    """Approve a version; one that was trained on made-up data needs --yes."""
    _check_stage(stage)
    _check_not_confused(stage, on, place)
    versions = _open(on, place)
    if on is Backend.LOCAL and not yes:
        data = _data(versions, versions.find(version))
        if is_made_up(data):
            msg = f"{versions.group}/{version} was trained on made-up data: {data}."
            raise UserError(msg, "Train it on yours with `pipeline run`, or approve with --yes.")
    _decide(versions, version, "Approved", stage)


@app.command()
def reject(
    version: Version, stage: Stage = PRODUCTION, on: On = Backend.LOCAL, place: In = None
) -> None:
    """Reject a version."""
    _check_stage(stage)
    _check_not_confused(stage, on, place)
    _decide(_open(on, place), version, "Rejected", stage)


def _check_stage(stage: str) -> None:
    if not _STAGE.fullmatch(stage):
        msg = f"--stage must be up to 63 letters, digits and inner hyphens, got {stage!r}."
        raise UserError(msg, "Write, for example, --stage Staging.")


def _check_not_confused(stage: str, on: Backend, place: str | None) -> None:
    """Refuse a stage of life that is one of `conf/aws.yaml`, where none of these was named."""
    if on is Backend.LOCAL or chosen_stage(place) is not None:
        return
    if stage in find_project().settings.aws.stages:
        msg = f"--stage is about the model's life here, got {stage}, a stage of conf/aws.yaml."
        raise UserError(msg, f"Add --in {stage}, or set PIPELINE_STAGE, to say whose model it is.")


def _decide(versions: _Versions, version: int, status: str, stage: str) -> None:
    versions.decide(version, status, stage)
    typer.echo(f"{versions.group}/{version} is {status} for {stage}.")


def _open(on: Backend, place: str | None) -> _Versions:
    """Return the versions of the project's group; of one on AWS it says whose it is."""
    if on is Backend.AWS:
        from sagetabular.cli.aws.executions import open_model_packages

        return open_model_packages(place)
    refuse_aws_only({"--in": place})
    project = find_project()
    return _LocalVersions(LocalSageMaker(project.home), project.settings.pipeline.name)


def _data(versions: _Versions, package: Mapping[str, Any]) -> str:
    """Return what a version was trained on."""
    if isinstance(versions, _LocalVersions):
        return data_here(versions.sagemaker, package)
    return metadata(package).get("data", "")


def _metric(package: Mapping[str, Any]) -> str:
    """Return the metric, and its direction if a lower score is better."""
    lower = direction(package).startswith("lower")
    return f"{metric(package)}, {direction(package)}" if lower else metric(package)


def _minute(time: datetime | str) -> str:
    """Return a moment, here ISO 8601 and on AWS a `datetime`, to the minute."""
    return str(time)[:16].replace("T", " ")


def _baselines(package: Mapping[str, Any]) -> list[list[str]]:
    return [
        [f"{name} {kind}".lower(), source["S3Uri"]]
        for name, quality in package.get("DriftCheckBaselines", {}).items()
        for kind, source in quality.items()
    ]
