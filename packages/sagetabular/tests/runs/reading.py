"""MLflow's store, read back through its own client."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from sagetabular.tracking.local_store import LocalStore
from sagetabular.tracking.mlflow_client import MlflowClient, ViewType

PARENT = "mlflow.parentRunId"


@dataclass(frozen=True)
class Logged:
    """A run as MLflow has it."""

    name: str
    status: str
    parameters: dict[str, str]
    metrics: dict[str, list[float]]
    tags: dict[str, str]
    artefacts: dict[str, bytes]
    children: list[Logged]


def read_back(store: LocalStore, experiment: str) -> list[Logged]:
    """The runs of an experiment that are below no other, oldest first."""
    client = MlflowClient(store.uri)
    found = client.get_experiment_by_name(experiment)
    runs = client.search_runs([found.experiment_id], order_by=["attributes.start_time"])
    parents = [run for run in runs if PARENT not in run.data.tags]
    below = {run.info.run_id: [] for run in parents}
    for run in runs:
        if PARENT in run.data.tags:
            below[run.data.tags[PARENT]].append(_logged(client, run, []))
    return [_logged(client, run, below[run.info.run_id]) for run in parents]


def deleted(store: LocalStore, experiment: str) -> int:
    """How many runs of an experiment are only marked as deleted."""
    client = MlflowClient(store.uri)
    found = client.get_experiment_by_name(experiment)
    return len(client.search_runs([found.experiment_id], "", ViewType.DELETED_ONLY))


def _logged(client: MlflowClient, run: Any, children: list[Logged]) -> Logged:
    folder = Path(url2pathname(urlsplit(run.info.artifact_uri).path))
    listed = [entry.path for entry in client.list_artifacts(run.info.run_id)]
    series = {name: client.get_metric_history(run.info.run_id, name) for name in run.data.metrics}
    for history in series.values():
        assert [metric.step for metric in history] == [*range(len(history))]
    return Logged(
        name=run.info.run_name,
        status=run.info.status,
        parameters=run.data.params,
        metrics={name: [metric.value for metric in history] for name, history in series.items()},
        tags=run.data.tags,
        artefacts={name: (folder / name).read_bytes() for name in listed},
        children=sorted(children, key=lambda child: child.name),
    )
