"""`pipeline mlflow`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.errors import UserError
from sagetabular.local.account import tracking_store
from sagetabular.project import find_project
from sagetabular.tracking.runs import TrackingError

if TYPE_CHECKING:
    from collections.abc import Collection

    from sagetabular.project import Project

_HOST = "127.0.0.1"
_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "GIT_PYTHON_REFRESH": "quiet",
    "PYTHONWARNINGS": "ignore",  # of its own deprecations
}


def mlflow(
    port: Annotated[
        int, typer.Option(min=1, max=65535, metavar="PORT", help="Where it listens.")
    ] = 5000,
) -> None:
    """Open MLflow on the executions of this machine; Ctrl-C ends it.

    It listens on this machine only, and needs no network.
    """
    project = find_project()
    store = tracking_store(project)
    if not store.database.is_file():
        raise UserError(f"{store.folder}: no execution is logged yet.", "Start `pipeline run`.")
    store.follow_move()
    page = store.page(project.settings.pipeline.name)
    typer.echo(f"MLflow: http://{_HOST}:{port}{page} (Ctrl-C ends it)", err=True)
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", _HOST, "--port", str(port)),
        *("--backend-store-uri", store.uri, "--workers", "1"),
        *("--default-artifact-root", store.artefacts("others")),
        *("--uvicorn-opts", "--log-level warning"),
    ]
    server = subprocess.Popen(command, env=os.environ | _SETTINGS, start_new_session=True)  # noqa: S603
    try:
        code = server.wait()
    except KeyboardInterrupt:
        _end(server)
        return
    if code:
        msg = f"MLflow ended with exit code {code}; its reason stands above."
        raise UserError(msg, "If the port is taken, give it another with --port.")


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server with the process that it started, which would go on without it."""
    if os.name == "posix":
        os.killpg(server.pid, signal.SIGTERM)
    else:
        server.terminate()
    server.wait()


def forget(project: Project, executions: Collection[str]) -> None:
    """Remove the runs of all but these executions from MLflow's store.

    Raises:
        UserError: The store cannot be written.
    """
    store = tracking_store(project)
    if not store.database.is_file():
        return
    from sagetabular.tracking.mlflow_cleaning import keep_only  # MLflow takes seconds to import

    try:
        keep_only(store, executions)
    except TrackingError as err:
        raise UserError(err.message, err.remedy) from err
