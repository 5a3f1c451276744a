"""Runs that Track logs, read from the files that the trials and Select have written.

Never from logs: a file has every number in full precision. A trial that failed has left no
archive, so nothing is logged of it. Files of releases that knew R2 alone say neither task nor
metric.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.models.archives import extract
from sagetabular.jobs.scoring.metrics import DEFAULT_METRICS, metrics_of
from sagetabular.tracking.runs import METRIC, ExecutionRun, TrialRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sagetabular.jobs.scoring.metrics import Task

# How the tuning service goes on from the name of a tuning job to those of its trials.
_TRIAL = r"-\d{3,}(-[0-9a-z]{8})?"


@dataclass(frozen=True)
class Scoring:
    """What a file of scores is about: the task, and the metric that ranks models."""

    task: Task
    metric: str

    @property
    def names(self) -> list[str]:
        """The metrics that a trial has."""
        names = [metric.name for metric in metrics_of(self.task)]
        return [*names, "mse"] if self.task == "regression" else names

    @property
    def tags(self) -> dict[str, str]:
        """What both are called where executions are logged."""
        return {"task": self.task, METRIC: self.metric}


def read_scoring(file: Mapping[str, Any]) -> Scoring:
    """Return what `cv.json` or `selection.json` is about."""
    task: Task = file.get("task", "regression")
    return Scoring(task, file.get("metric", DEFAULT_METRICS[task]))


def read_execution(
    inputs: Path,
    unpacked: Path,
    *,
    name: str,
    pipeline: str,
    parameters: Mapping[str, str],
    tags: Mapping[str, str],
    tuning_jobs: Mapping[str, str],
    addresses: Mapping[str, str],
) -> ExecutionRun:
    """Collect what is logged of an execution.

    Args:
        inputs: Folder with `selection/`, and per model the folder `trials-<model>`.
        unpacked: Where the trials' archives may be unpacked.
        name: Identifier of the execution.
        pipeline: Name of the pipeline.
        parameters: What shaped the result.
        tags: Where it came from.
        tuning_jobs: Model → name of its tuning job.
        addresses: Name of a folder in `inputs` → where it lies in S3.

    Raises:
        JobError: An archive is damaged, or a tuning job has left none.
    """
    selection = json.loads((inputs / "selection/selection.json").read_text(encoding="utf-8"))
    winner, scoring = selection["winner"], read_scoring(selection)
    trials = [
        trial
        for model, job in tuning_jobs.items()
        for trial in _trials(inputs / f"trials-{model}", unpacked / model, model, job, addresses)
    ]
    return ExecutionRun(
        name=name,
        pipeline=pipeline,
        parameters={**parameters, "selection.by": selection["by"], "winner": winner["model"]},
        metrics=_results(selection, scoring),
        tags={**tags, **scoring.tags},
        artefacts=inputs / "selection",
        trials=trials,
        address=_below(addresses["selection"], "selection.json"),
    )


def _results(selection: Mapping[str, Any], scoring: Scoring) -> dict[str, float]:
    """Return the winner's scores by the metric that ranks, then all of each model under its name.

    One fold deviates from nothing, and a model without a search has no folds.
    """
    metric = scoring.metric
    ranked = (f"cv_{metric}", f"test_{metric}")
    every = (f"cv_{metric}", f"cv_{metric}_std", *(f"test_{name}" for name in scoring.names))
    metrics = _present(selection["winner"], ranked)
    for candidate in selection["ranking"]:
        found = _present(candidate, every)
        metrics |= {f"{candidate['model']}.{name}": value for name, value in found.items()}
    return metrics


def _present(scores: Mapping[str, Any], names: Iterable[str]) -> dict[str, float]:
    return {name: scores[name] for name in names if scores.get(name) is not None}


def _below(address: str, path: str) -> str:
    return f"{address.rstrip('/')}/{path}"


def _trials(
    folder: Path, unpacked: Path, model: str, tuning_job: str, addresses: Mapping[str, str]
) -> Iterator[TrialRun]:
    """Yield the trials of a tuning job; other jobs may have written below the same prefix.

    Raises:
        JobError: An archive is damaged, or there is none.
    """
    own = re.compile(re.escape(tuning_job) + _TRIAL)
    archives = sorted(folder.glob("*/output/model.tar.gz"))
    names = [name for file in archives if own.fullmatch(name := file.parents[1].name)]
    if not names:
        msg = f"models/{model}: no trial of the tuning job {tuning_job} has left an archive."
        raise JobError(msg, "Run the pipeline again with --no-cache.")
    for name in names:
        archive = f"{name}/output/model.tar.gz"
        extract(folder / archive, unpacked / name)
        yield _trial(unpacked / name, name, model, _below(addresses[folder.name], archive))


def _trial(folder: Path, name: str, model: str, address: str) -> TrialRun:
    report = json.loads((folder / "cv.json").read_text(encoding="utf-8"))
    scoring = read_scoring(report)
    means = _present(report, (*scoring.names, f"{scoring.metric}_std"))
    folds = {
        f"fold_{name}": [fold[name] for fold in report["folds"]]
        for name in scoring.names
        if name in means
    }
    return TrialRun(
        name=name,
        model=model,
        hyperparameters=report["hyperparameters"],
        metrics={**means, "seconds": math.fsum(report["seconds"])},
        fold_metrics={**folds, "fold_seconds": report["seconds"]},
        artefacts=folder,
        address=address,
        tags=scoring.tags,
    )
