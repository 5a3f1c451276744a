"""`pipeline registry`: the versions of the model, and their approval."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from sagelocal import LocalSageMaker
from sagetabular.cli.options import Backend, On
from sagetabular.cli.terminal.output import print_table
from sagetabular.errors import UserError
from sagetabular.project import find_project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sagelocal import ModelRegistry

app = typer.Typer(help="List, approve and reject registered model versions.", no_args_is_help=True)

Version = Annotated[int, typer.Argument(metavar="VERSION", help="Number of the version.")]
Stage = Annotated[
    str, typer.Option(metavar="NAME", help="Stage of the model's life that this is about.")
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

    def __init__(self, registry: ModelRegistry, group: str) -> None:
        self._registry = registry
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
def list_versions(on: On = Backend.LOCAL) -> None:
    """List the registered versions, oldest first."""
    versions = _open(on)
    packages = versions.all()
    if not packages:
        command = "pipeline run --on aws" if on is Backend.AWS else "pipeline run"
        typer.echo(f"Nothing is registered yet. `{command}` registers the best model.")
        return
    rows = [
        [
            str(package["ModelPackageVersion"]),
            _metadata(package).get("model", ""),
            _approval(package),
            _metadata(package).get("execution_arn", "").rsplit("/", 1)[-1],
            _minute(package["CreationTime"]),
        ]
        for package in packages
    ]
    header = ["version ", "model", "approval", "execution", "created"]
    print_table(versions.group, header, rows)


@app.command()
def show(version: Version, on: On = Backend.LOCAL) -> None:
    """Show a version: approval, what serves it, where it comes from, its baselines."""
    versions = _open(on)
    package = versions.find(version)
    rows = [
        ["approval", package["ModelApprovalStatus"]],
        ["stage", _life(package)],
        ["created", _minute(package["CreationTime"])],
        *([name, value] for name, value in _metadata(package).items()),
    ]
    specification = package.get("InferenceSpecification", {})
    for container in specification.get("Containers", []):
        rows += [["image", container["Image"]], ["artefact", container.get("ModelDataUrl", "")]]
    rows.append(["takes", ", ".join(specification.get("SupportedContentTypes", []))])
    rows += _baselines(package)
    print_table(f"{versions.group}/{version}", ["", ""], rows)


@app.command()
def approve(version: Version, stage: Stage = "Production", on: On = Backend.LOCAL) -> None:
    """Approve a version."""
    _set(version, "Approved", stage, on)


@app.command()
def reject(version: Version, stage: Stage = "Production", on: On = Backend.LOCAL) -> None:
    """Reject a version."""
    _set(version, "Rejected", stage, on)


def _set(version: int, status: str, stage: str, on: Backend) -> None:
    if not _STAGE.fullmatch(stage):
        msg = f"--stage must be up to 63 letters, digits and inner hyphens, got {stage!r}."
        raise UserError(msg, "Write, for example, --stage Staging.")
    versions = _open(on)
    versions.decide(version, status, stage)
    typer.echo(f"{versions.group}/{version} is {status} for {stage}.")


def _open(on: Backend) -> _Versions:
    """Return the versions of the project's group; of one on AWS it says whose it is."""
    if on is Backend.AWS:
        from sagetabular.cli.aws.executions import open_model_packages

        return open_model_packages()
    project = find_project()
    return _LocalVersions(LocalSageMaker(project.home).registry, project.settings.pipeline.name)


def _metadata(package: Mapping[str, Any]) -> dict[str, str]:
    """Return what the pipeline has noted; nothing for a version of somebody else."""
    return dict(package.get("CustomerMetadataProperties", {}))


def _life(package: Mapping[str, Any]) -> str:
    return str(package.get("ModelLifeCycle", {}).get("Stage", ""))


def _approval(package: Mapping[str, Any]) -> str:
    """Return the approval, and the stage of life that it is about, if there is one."""
    stage = _life(package)
    return f"{package['ModelApprovalStatus']}{stage and f' for {stage}'}"


def _minute(time: datetime | str) -> str:
    """Return a moment, here ISO 8601 and on AWS a `datetime`, to the minute."""
    return str(time)[:16].replace("T", " ")


def _baselines(package: Mapping[str, Any]) -> list[list[str]]:
    return [
        [f"{name} {kind}".lower(), source["S3Uri"]]
        for name, quality in package.get("DriftCheckBaselines", {}).items()
        for kind, source in quality.items()
    ]
