"""MLflow's client, imported so that it is quick, silent and calls nobody."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def _absent(*names: str) -> Iterator[None]:
    """Let libraries look as if they were not installed, unless they have been imported already.

    MLflow imports them where it finds them, for functions that are not used here; without, it
    starts in half the time.
    """
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _absent("numpy", "pandas", "scipy", "sklearn"):
    from mlflow.entities import Metric, Param, ViewType
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

__all__ = ["Metric", "MlflowClient", "Param", "ViewType", "connect", "connect_locally",
           "failures", "make_database"]  # fmt: skip


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
    with _absent("numpy", "pandas", "scipy", "sklearn"):
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
