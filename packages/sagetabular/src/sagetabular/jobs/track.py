"""Track: log the execution, its trials and their folds where experiments are kept.

The one job beside Ingest that calls a service: MLflow at `MLFLOW_TRACKING_URI`; SageMaker
Experiments if that is `experiments`, or `TRACKING` says so and there is no address; both if
`TRACKING` is `both`. With the address `none` it logs nothing, and says so.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.runner import base_dir, run_job
from sagetabular.jobs.trials.logged import read_execution
from sagetabular.tracking.runs import TrackingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagetabular.tracking.runs import Tracker

EXPERIMENTS = "experiments"
LAKE = "LAKE_URI"  # where this is set, jobs run on somebody's machine


def track(argv: Sequence[str]) -> None:
    """Read what the execution left in its files, and log it.

    Raises:
        JobError: A file is missing or damaged, or the store cannot be used.
    """
    arguments = _parse(argv)
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if uri == "none":
        _say("Nothing is logged: TrackingUri is none")
        return
    trackers = _trackers(uri, os.environ.get("TRACKING", ""))
    folder = base_dir() / "processing"
    execution = read_execution(
        folder / "input",
        folder / "unpacked",
        name=arguments.execution,
        pipeline=arguments.pipeline,
        parameters=dict(map(_pair, arguments.parameters)),
        tags=dict(map(_pair, arguments.tags)),
        tuning_jobs=dict(map(_pair, arguments.tuning_jobs)),
        addresses=_addresses(),
    )
    try:
        for tracker in trackers:
            tracker.log(execution)
    except TrackingError as err:
        raise JobError(err.message, err.remedy) from err
    print(f"{execution.name}: {len(execution.trials)} trials logged", flush=True)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; a list is made of NAME=VALUE."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--execution", required=True)
    parser.add_argument("--pipeline", required=True)
    for name in ("--parameters", "--tags"):
        parser.add_argument(name, nargs="+", required=True)
    parser.add_argument("--tuning-jobs", nargs="+", default=[])
    return parser.parse_args(argv)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _addresses() -> dict[str, str]:
    """Return where each input of this job lies in S3, as the service has written it down."""
    file = base_dir() / "config/processingjobconfig.json"
    inputs = json.loads(file.read_text(encoding="utf-8"))["ProcessingInputs"]
    return {entry["InputName"]: entry["S3Input"]["S3Uri"] for entry in inputs}


def _trackers(uri: str, chosen: str) -> list[Tracker]:
    """Return what logs there; their libraries take a second to import, so only this job does."""
    local = LAKE in os.environ
    try:
        if uri == EXPERIMENTS or (chosen == EXPERIMENTS and not uri):
            return [_experiments()]
        if chosen in (EXPERIMENTS, "both") and local:
            _say("SageMaker Experiments is out of reach here: logged to MLflow's store instead")
        both = chosen == "both" and not local
        return [_mlflow(uri), *([_experiments()] if both else [])]
    except ModuleNotFoundError as err:
        msg = f"The image of the job cannot log executions: it has no package {err.name!r}."
        raise JobError(msg, "Install it there, or write `tracking: none`.") from err


def _experiments() -> Tracker:
    from sagetabular.tracking.experiments_tracker import ExperimentsTracker

    return ExperimentsTracker()


def _mlflow(uri: str) -> Tracker:
    if not uri:
        msg = "The pipeline parameter TrackingUri must name an MLflow server, got nothing."
        raise JobError(msg, "Give it one, or write `tracking: none` in conf/pipeline.yaml.")
    from sagetabular.tracking.mlflow_tracker import MlflowTracker

    try:
        return MlflowTracker(uri)
    except TrackingError as err:
        raise JobError(err.message, err.remedy) from err


def _say(text: str) -> None:
    """Print something into the log, and for whoever watches the step."""
    print(text, flush=True)
    file = base_dir() / "output/message"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run_job(track, sys.argv[1:])
