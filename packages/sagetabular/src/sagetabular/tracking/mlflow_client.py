"""MLflow's client, imported so that it is quick, silent and calls nobody."""

from __future__ import annotations

import gc
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sagetabular.tracking.runs import TrackingError

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

_ARN = re.compile(
    r"arn:aws(-us-gov)?:sagemaker:[a-z0-9-]+:\d{12}:mlflow-(app|tracking-server)/[\w-]+"
)
# MLflow imports these where it finds them, for functions that are not used here.
_UNUSED = ("numpy", "pandas", "scipy", "sklearn")


@contextmanager
def _quick_import() -> Iterator[None]:
    """Import MLflow in 0.56 of the time: 0.77 s of a processor instead of 1.37 s in a Track job.

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

__all__ = ["Metric", "MlflowClient", "Param", "Run", "ViewType", "check_arn", "connect",
           "connect_locally", "failures", "keep_files", "make_database"]  # fmt: skip


@contextmanager
def failures(uri: str) -> Iterator[None]:
    """Turn what MLflow says about a store that it cannot use into a `TrackingError`."""
    try:
        yield
    except Exception as err:
        if not (isinstance(err, MlflowException | OSError) or _is_of_aws(err)):
            raise
        reason = " ".join(str(err).split())[:600]
        msg = f"MLflow at {uri} cannot be used: {reason}."
        remedy = "See that it runs, that it can be reached from here, and that you may write."
        raise TrackingError(msg, remedy) from err


def _is_of_aws(err: Exception) -> bool:
    """Return whether an error is of S3's library, which a store on this machine does not import."""
    return type(err).__module__.partition(".")[0] in ("boto3", "botocore")


def check_arn(uri: str) -> None:
    """Check the address of MLflow on SageMaker; any other passes.

    Raises:
        ModuleNotFoundError: Its plugin is not installed.
        TrackingError: It is of something else.
    """
    if not uri.startswith("arn:"):
        return
    import sagemaker_mlflow  # noqa: F401 - MLflow looks for it by itself, and has no clear words

    if not _ARN.fullmatch(uri):
        msg = f"MLFLOW_TRACKING_URI: the ARN must be of an MLflow app or tracking server, got {uri}"
        remedy = "It has the form arn:aws:sagemaker:<region>:<account>:mlflow-app/<identifier>."
        raise TrackingError(f"{msg}.", remedy)


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
