"""MLflow, here or on SageMaker: an execution is a run, each of its trials a run below it.

The run of an execution has its parameters, the winner, the metrics of each model and
`selection.json`; the run of a trial its hyperparameters, the means over the folds, the scores of
the folds as series (`fold_roc_auc`, step = fold), `cv.json` and the out-of-fold predictions.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TypeVar

from sagetabular.tracking.local_store import VIEW_TAG, local_store
from sagetabular.tracking.mlflow_client import (
    Metric,
    MlflowClient,
    Param,
    Run,
    check_arn,
    connect,
    connect_locally,
    failures,
    keep_files,
    make_database,
)
from sagetabular.tracking.runs import (
    EXECUTION,
    METRIC,
    MODEL,
    TRAINING_JOB,
    ExecutionRun,
    TrialRun,
    Value,
    parameter_key,
)

PARENT = "mlflow.parentRunId"
# MLflow takes 1,000 entries in a call, of which 100 may be parameters.
_METRICS_PER_CALL, _PARAMETERS_PER_CALL = 900, 100
_KIND = {"mlflow.experimentKind": "custom_model_development"}  # or the pages show conversations
# Of the name of a trial; SageMaker puts a hash behind it.
_NUMBER = re.compile(r"-(\d{3,})(?:-[0-9a-f]{8})?$")
Item = TypeVar("Item")


class MlflowTracker:
    """A `Tracker` that writes to a database on this machine or to a server.

    Args:
        uri: `sqlite:///<folder>/mlflow.db`, the ARN of an MLflow app or tracking server of
            SageMaker, or whatever else MLflow takes as tracking URI. An ARN must be the value of
            `MLFLOW_TRACKING_URI` too, where what signs the requests looks for it.

    Raises:
        ModuleNotFoundError: The address is an ARN, and SageMaker's plugin is not installed.
        TrackingError: The address is not one of those.
    """

    def __init__(self, uri: str) -> None:
        self._store = local_store(uri)
        self._uri = self._store.uri if self._store else uri
        check_arn(uri)

    def log(self, execution: ExecutionRun) -> None:
        """Log an execution and its trials.

        Runs of it that are there already, whole or not, are removed first: the run of an
        execution is finished exactly when everything has been logged.

        Raises:
            TrackingError: The store cannot be reached or written.
        """
        with self._prepared(), failures(self._uri):
            client = (connect_locally if self._store else connect)(self._uri)
            experiment = self._experiment(client, execution)
            _remove(client, experiment, execution.name)
            own = {EXECUTION: execution.name}
            run = _start(client, experiment, execution.name, {**execution.tags, **own})
            below = own | {PARENT: run.info.run_id}
            for trial in execution.trials:
                _log_trial(client, experiment, trial, below)
            _finish(
                client, run, execution.parameters, _metrics(execution.metrics), execution.artefacts
            )

    def _prepared(self) -> AbstractContextManager[None]:
        return self._store.prepared(make_database) if self._store else nullcontext()

    def _experiment(self, client: MlflowClient, execution: ExecutionRun) -> str:
        """Return the number of the experiment, which shows the scores of this execution."""
        name, view = execution.pipeline, {VIEW_TAG: _view(execution)}
        found = client.get_experiment_by_name(name)
        if found is None:
            location = self._store.artefacts(name) if self._store else None
            return str(client.create_experiment(name, location, _KIND | view))
        for tag, value in ({**_KIND, **found.tags} | view).items() - found.tags.items():
            client.set_experiment_tag(found.experiment_id, tag, value)
        if found.lifecycle_stage != "active":
            client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)


def _view(execution: ExecutionRun) -> str:
    """Return what the table of runs shows, which the pages read from a view that is shared.

    Its name is `local_store.VIEW`. It follows the metric of the execution that was logged last.
    """
    metric = execution.tags.get(METRIC, "r2")
    scores = (f"cv_{metric}", f"test_{metric}", metric, f"{metric}_std")
    return json.dumps({"selectedColumns": [*(f"metrics.`{name}`" for name in scores),
                                           "params.`winner`"]})  # fmt: skip


def _remove(client: MlflowClient, experiment: str, execution: str) -> None:
    mine = f"tags.{EXECUTION} = '{execution}'"
    while runs := client.search_runs([experiment], mine):
        for run in runs:
            client.delete_run(run.info.run_id)


def _start(client: MlflowClient, experiment: str, name: str, tags: Mapping[str, str]) -> Run:
    return client.create_run(experiment, run_name=name, tags=dict(tags))


def _log_trial(
    client: MlflowClient, experiment: str, trial: TrialRun, tags: Mapping[str, str]
) -> None:
    own = {MODEL: trial.model, TRAINING_JOB: trial.name}
    run = _start(client, experiment, _short_name(trial), {**trial.tags, **tags, **own})
    metrics = _metrics(trial.metrics, trial.fold_metrics)
    _finish(client, run, trial.hyperparameters, metrics, trial.artefacts)


def _short_name(trial: TrialRun) -> str:
    """Return the number and the model: the pages cut a name after fifteen letters."""
    found = _NUMBER.search(trial.name)
    return f"{found.group(1)} {trial.model}" if found else trial.name


def _metrics(
    values: Mapping[str, float], series: Mapping[str, Sequence[float]] | None = None
) -> list[Metric]:
    now = int(time.time() * 1000)
    single = [Metric(name, value, now, 0) for name, value in values.items()]
    return single + [
        Metric(name, value, now, step)
        for name, numbers in (series or {}).items()
        for step, value in enumerate(numbers)
    ]


def _finish(
    client: MlflowClient,
    run: Run,
    parameters: Mapping[str, Value],
    metrics: Sequence[Metric],
    artefacts: Path,
) -> None:
    """Log in as few calls as the service's limits allow, then end the run."""
    params = [Param(parameter_key(name), _text(value)) for name, value in parameters.items()]
    batches = itertools.zip_longest(
        _chunks(params, _PARAMETERS_PER_CALL), _chunks(metrics, _METRICS_PER_CALL), fillvalue=()
    )
    for some_params, some_metrics in batches:
        client.log_batch(run.info.run_id, metrics=some_metrics, params=some_params)
    keep_files(client, run, artefacts)
    client.set_terminated(run.info.run_id)


def _chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[at : at + size] for at in range(0, len(items), size))


def _text(value: Value) -> str:
    """Return text as it is, a number or truth value as JSON has it."""
    return value if isinstance(value, str) else json.dumps(value)
