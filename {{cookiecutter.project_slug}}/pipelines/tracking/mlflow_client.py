"""MLflow's client, imported so that it is quick, silent and calls nobody."""

from __future__ import annotations

import gc
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.tracking.runs import TrackingError

# Nothing is reported to MLflow's makers, nobody runs git, and a server that does not answer is
# given up after seconds, not minutes.
for _name, _value in {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}.items():
    os.environ.setdefault(_name, _value)


# MLflow imports these where it finds them, for functions that are not used here.
_UNUSED = ("numpy", "pandas", "scipy", "sklearn")


@contextmanager
def _quick_import() -> Iterator[None]:
    """Import MLflow in less than half the time.

    Libraries that it can do without look as if they were not installed, unless they have been
    imported already. Its thousands of classes stay for good, so nobody looks for garbage among
    them, neither now nor later.
    """
    hidden = [name for name in _UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()
        for name in hidden:
            del sys.modules[name]


with _quick_import():
    from mlflow.entities import Metric, Param, Run, ViewType
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    from mlflow.tracking import MlflowClient

__all__ = ["Metric", "MlflowClient", "Param", "Run", "ViewType", "connect", "connect_locally",
           "failures", "keep_files", "make_database"]  # fmt: skip


@contextmanager
def failures(uri: str) -> Iterator[None]:
    """Turn what MLflow says about a store that it cannot use into a `TrackingError`."""
    try:
        yield
    except (MlflowException, OSError) as err:  # requests' exceptions are OSErrors
        reason = " ".join(str(err).split())[:600]
        msg = f"MLflow at {uri} cannot be used: {reason}."
        remedy = "See that it runs, that it can be reached from here, and that you may write."
        raise TrackingError(msg, remedy) from err


def connect(uri: str) -> MlflowClient:
    """Return a client."""
    with _quick_import():
        return MlflowClient(tracking_uri=uri, registry_uri=uri)


def make_database(uri: str) -> None:
    """Make a database with MLflow's tables, and leave no connection to it open."""
    variable = "MLFLOW_SQLALCHEMYSTORE_POOLCLASS"
    os.environ[variable] = "NullPool"
    try:
        connect(uri)
    finally:
        del os.environ[variable]


def connect_locally(uri: str) -> MlflowClient:
    """Return a client for a store on this machine, which must be there."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    if not event.contains(Engine, "connect", _trust_the_log):
        event.listen(Engine, "connect", _trust_the_log)
    return connect(uri)


def _trust_the_log(connection: sqlite3.Connection, _record: object) -> None:
    """Wait for the disk less often: with a write-ahead log that is safe."""
    connection.execute("PRAGMA synchronous = NORMAL")


def keep_files(client: MlflowClient, run: Run, folder: Path) -> None:
    """Copy a folder's files to a run's artefacts."""
    address = run.info.artifact_uri
    if address.startswith("file:"):  # the client would read the whole run again for it
        get_artifact_repository(address).log_artifacts(str(folder))
    else:
        client.log_artifacts(run.info.run_id, str(folder))
