"""Runs of executions that are gone leave MLflow's store on this machine, with their artefacts."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from typing import Any

from sagetabular.tracking.local_store import LocalStore
from sagetabular.tracking.mlflow_client import (
    MlflowClient,
    ViewType,
    connect_locally,
    failures,
    make_database,
)
from sagetabular.tracking.runs import EXECUTION, TrackingError

_RUNS_PER_CALL = 1000


def keep_only(store: LocalStore, executions: Collection[str]) -> None:
    """Remove the runs that were logged for any other execution; runs of somebody else stay.

    Args:
        store: The store.
        executions: Identifiers of the executions that are still there.

    Raises:
        TrackingError: The store cannot be written.
    """
    with store.prepared(make_database), failures(store.uri):
        client = connect_locally(store.uri)
        gone = [run.info for run in _runs(client) if run.data.tags[EXECUTION] not in executions]
        for info in gone:
            if info.lifecycle_stage == "active":
                client.delete_run(info.run_id)
    for at in range(0, len(gone), _RUNS_PER_CALL):
        _collect(store, [info.run_id for info in gone[at : at + _RUNS_PER_CALL]])


def _runs(client: MlflowClient) -> Iterator[Any]:
    """Yield the runs of executions, those too that are only marked as deleted."""
    for experiment in client.search_experiments(view_type=ViewType.ALL):
        token: str | None = ""
        while token is not None:
            page = client.search_runs(
                [experiment.experiment_id],
                f"tags.{EXECUTION} LIKE '%'",
                ViewType.ALL,
                page_token=token or None,
            )
            yield from page
            token = page.token or None


def _collect(store: LocalStore, runs: list[str]) -> None:
    """Let MLflow remove runs for good that are marked as deleted; it has no function for that."""
    command = [
        *(sys.executable, "-m", "mlflow", "gc", "--run-ids", ",".join(runs)),
        *("--backend-store-uri", store.uri, "--tracking-uri", store.uri),
    ]
    with tempfile.TemporaryDirectory() as folder:  # it makes a folder where it runs
        ended = subprocess.run(  # noqa: S603
            command, cwd=folder, capture_output=True, text=True, check=False
        )
    if ended.returncode:
        reason = (ended.stderr.strip() or ended.stdout.strip()).splitlines()[-1:]
        msg = f"{store.folder}: MLflow could not remove {len(runs)} runs: {' '.join(reason)}"
        raise TrackingError(msg, "Run `pipeline clean` again.")
