"""`pipeline serve`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sagelocal import LocalSageMaker
from sagetabular.cli.serving.asking import open_url
from sagetabular.cli.serving.versions import data_here, in_a_line, to_serve
from sagetabular.cli.terminal.output import program
from sagetabular.errors import UserError
from sagetabular.jobs.errors import JobError
from sagetabular.jobs.models.archives import extract
from sagetabular.jobs.models.manifest import read_manifest
from sagetabular.printing import listed
from sagetabular.project import find_project
from sagetabular.serving.formats.outputs import HEADER, VARIABLE

if TYPE_CHECKING:
    from sagetabular.jobs.models.manifest import Manifest
    from sagetabular.project import Project

HOST = "127.0.0.1"
DEFAULT_PORT = 8080
_POLL_SECONDS = 0.1


def serve(
    version: Annotated[
        int | None,
        typer.Argument(
            metavar="VERSION", help="Of the model; else the newest for Production, else approved."
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = DEFAULT_PORT,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Processes that answer at once.")
    ] = 1,
) -> None:
    """Serve a registered model on this machine, with the server of the container, until Ctrl-C.

    Example: pipeline serve 3 --port 9000
    """
    project = find_project()
    _check_port(port)
    package = choose_package(project, version)
    with tempfile.TemporaryDirectory(prefix="serve-") as folder:
        manifest = unpack_model(project, package, Path(folder))
        environment = os.environ | {
            "SAGEMAKER_BASE_DIR": folder,
            "SAGEMAKER_BIND_TO_PORT": str(port),
            "MODEL_SERVER_HOST": HOST,
            "MODEL_SERVER_WORKERS": str(workers),
            "MODEL_SERVER_ENDS_WITH_INPUT": "1",  # when this command is killed, too
        }
        environment = serving_variables(package) | environment
        command = [sys.executable, "-m", "sagetabular.serving"]
        server = subprocess.Popen(  # noqa: S603
            command, cwd=project.root, env=environment, stdin=subprocess.PIPE
        )
        try:
            data = data_here(LocalSageMaker(project.home), package)
            _announce(server, f"http://{HOST}:{port}", package, manifest, data)
            code = server.wait()
        except KeyboardInterrupt:  # the terminal has told the server too
            code = server.wait()
        finally:
            server.terminate()
            server.wait()
    raise typer.Exit(code)


def _check_port(port: int) -> None:
    """Find out before whoever listens there answers in the server's place."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError as err:
        msg = f"--port {port} cannot be listened on: {os.strerror(err.errno or 0)}."
        raise UserError(msg, "Stop what listens there, or choose another port.") from err


def choose_package(project: Project, version: int | None) -> dict[str, Any]:
    """Return the model package of a version; without one the newest approved, else the newest.

    Raises:
        UserError: None is registered.
    """
    registry, group = LocalSageMaker(project.home).registry, project.settings.pipeline.name
    if version is not None:
        return registry.describe(group, version)
    packages = registry.packages(group)
    if not packages:
        raise UserError("No model is registered yet.", "Register one with `pipeline run`.")
    return to_serve(packages)


def serving_variables(package: dict[str, Any]) -> dict[str, str]:
    """Return those variables of a version's container that change what its server answers."""
    container = package["InferenceSpecification"]["Containers"][0]
    value = container.get("Environment", {}).get(VARIABLE)
    return {VARIABLE: value} if value else {}


def unpack_model(project: Project, package: dict[str, Any], folder: Path) -> Manifest:
    """Unpack the package's artefact into `folder/model`, where the server looks for it.

    Raises:
        UserError: It is damaged.
    """
    container = package["InferenceSpecification"]["Containers"][0]
    archive = LocalSageMaker(project.home).storage.path(container["ModelDataUrl"])
    model = folder / "model"
    model.mkdir()
    try:
        extract(archive, model)
        return read_manifest(model)
    except JobError as err:
        version = package["ModelPackageVersion"]
        msg = f"Version {version} cannot be served: {err.message}"
        remedy = (
            f"{archive} is what it was registered with; `{program()} run --no-cache` makes it anew."
        )
        raise UserError(msg, remedy) from err


def _announce(
    server: subprocess.Popen[bytes],
    url: str,
    package: dict[str, Any],
    manifest: Manifest,
    data: str,
) -> None:
    """Print where the model is served, once it answers; end with the server if it never does."""
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    while server.poll() is None:
        try:
            with open_url(urllib.request.Request(f"{url}/ping"), 5):  # noqa: S310
                break
        except urllib.error.HTTPError as refusal:
            text = refusal.read().decode()
            if "being loaded" not in text:
                rule, _, remedy = text.strip().partition("\n")
                raise UserError(rule, remedy) from refusal
        except OSError:
            pass
        time.sleep(_POLL_SECONDS)
    if server.poll() is None:
        name, version = package["ModelPackageGroupName"], package["ModelPackageVersion"]
        row = json.dumps([manifest.typical], ensure_ascii=False).replace("'", "'\\''")
        typer.echo(f"Serving {name}/{version} (models/{manifest.model}) on {url}, Ctrl-C ends it.")
        typer.echo(f"It is {in_a_line(package, data, manifest.target)}.")
        typer.echo(f"Columns: {', '.join(manifest.features)}. A typical row, for another shell:\n")
        typer.echo(f"curl {url}/invocations -H 'Content-Type: application/json' -d '{row}'")
        if manifest.classes:
            of = listed(manifest.classes)
            typer.echo(f"With -H '{HEADER}: output=probabilities' it answers probabilities: {of}.")
        typer.echo(f"{program()} predict FILE --url {url}\n")
