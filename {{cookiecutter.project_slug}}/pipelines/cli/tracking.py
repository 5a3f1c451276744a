"""`pipeline mlflow`."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import typer

from pipelines.errors import UserError
from pipelines.local import tracking_store
from pipelines.project import find_project

_HOST = "127.0.0.1"
_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


def mlflow(
    port: Annotated[
        int, typer.Option(min=1, max=65535, metavar="PORT", help="Where it listens.")
    ] = 5000,
) -> None:
    """Open MLflow on the executions of this machine; Ctrl-C ends it.

    It listens on this machine only, and needs no network.
    """
    store = tracking_store(find_project())
    if not store.database.is_file():
        raise UserError(f"{store.folder}: no execution is logged yet.", "Start `pipeline run`.")
    store.follow_move()
    typer.echo(f"MLflow: http://{_HOST}:{port} (Ctrl-C ends it)", err=True)
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", _HOST, "--port", str(port)),
        *("--backend-store-uri", store.uri, "--workers", "1"),
        *("--default-artifact-root", store.artefacts("others")),
    ]
    try:
        ended = subprocess.run(command, env=os.environ | _SETTINGS, check=False)  # noqa: S603
    except KeyboardInterrupt:
        return
    if ended.returncode:
        msg = f"MLflow ended with exit code {ended.returncode}; its reason stands above."
        raise UserError(msg, "If the port is taken, give it another with --port.")
