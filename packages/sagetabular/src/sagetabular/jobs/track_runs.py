"""Runs that Track logs, read from the files that the trials and Select have written.

Never from logs: a file has every number in full precision. A trial that failed has left no
archive, so nothing is logged of it.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.models.archives import extract
from sagetabular.tracking.runs import ExecutionRun, TrialRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SCORES = ("r2", "mse", "rmse", "mae")
# How the tuning service goes on from the name of a tuning job to those of its trials.
_TRIAL = r"-\d{3,}(-[0-9a-z]{8})?"


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
    winner = selection["winner"]
    trials = [
        trial
        for model, job in tuning_jobs.items()
        for trial in _trials(inputs / f"trials-{model}", unpacked / model, model, job, addresses)
    ]
    return ExecutionRun(
        name=name,
        pipeline=pipeline,
        parameters={**parameters, "selection.by": selection["by"], "winner": winner["model"]},
        metrics=_results(selection),
        tags=tags,
        artefacts=inputs / "selection",
        trials=trials,
        address=_below(addresses["selection"], "selection.json"),
    )


def _results(selection: Mapping[str, Any]) -> dict[str, float]:
    """Return R2 and errors of the winner, then of each model under its name."""
    winner = selection["winner"]
    metrics = {name: winner[name] for name in ("cv_r2", "test_r2") if winner[name] is not None}
    for candidate in selection["ranking"]:
        metrics |= {
            f"{candidate['model']}.{name}": candidate[name]
            for name in ("cv_r2", "cv_r2_std", "test_r2", "test_rmse", "test_mae")
            if candidate[name] is not None  # one fold deviates from nothing, no search has none
        }
    return metrics


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
    means = {metric: report[metric] for metric in SCORES}
    if report["r2_std"] is not None:
        means["r2_std"] = report["r2_std"]
    folds = {f"fold_{metric}": [fold[metric] for fold in report["folds"]] for metric in SCORES}
    return TrialRun(
        name=name,
        model=model,
        hyperparameters=report["hyperparameters"],
        metrics={**means, "seconds": math.fsum(report["seconds"])},
        fold_metrics={**folds, "fold_seconds": report["seconds"]},
        artefacts=folder,
        address=address,
    )
