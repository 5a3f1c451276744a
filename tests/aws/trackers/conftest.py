"""An execution to log, an account to log it to, and an MLflow server in SageMaker's place."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import boto3
import pytest

from sagetabular.tracking.runs import ExecutionRun, TrialRun
from tests.aws.server import ROLE, Server
from tests.aws.trackers.reading import AWKWARD, NAME, PIPELINE, PREFIX
from tests.servers import REGION

APP = f"arn:aws:sagemaker:{REGION}:123456789012:mlflow-app/app-ABC"


@pytest.fixture
def account(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The account, where clients look for one, with what an execution makes when it starts."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    sagemaker = server.client("sagemaker")
    sagemaker.create_experiment(ExperimentName=PIPELINE)
    sagemaker.create_trial(ExperimentName=PIPELINE, TrialName=NAME)
    return server


@pytest.fixture
def execution(tmp_path: Path) -> ExecutionRun:
    """An execution with two trials of each of two models."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files/cv.json").write_text("{}")
    trials = [
        TrialRun(
            name=f"pipelines-{NAME}-Tune{model.title()}-{number:03}-0a1b2c3d",
            model=model,
            hyperparameters={"depth<3>": number, "rate": 0.1, "kind": "<i>'ä\"</i>", "on": True},
            metrics={"r2": AWKWARD[number], "r2_std": 1e-9},
            fold_metrics={"fold_r2": AWKWARD, "fold_mae": AWKWARD[::-1]},
            artefacts=tmp_path / "files",
            address=f"{PREFIX}/tune/{model}/{number}/output/model.tar.gz",
        )
        for model in ("tree", "boost")
        for number in (1, 2)
    ]
    return ExecutionRun(
        name=NAME,
        pipeline=PIPELINE,
        parameters={"Folds": "7", "winner": "boost"},
        metrics={"cv_r2": AWKWARD[0], "boost.cv_r2": AWKWARD[0], "tree.cv_r2": AWKWARD[1]},
        tags={"commit": "0" * 40, "execution_arn": f"{ROLE}/execution"},
        artefacts=tmp_path / "files",
        trials=trials,
        address=f"{PREFIX}/select/selection.json",
    )


@pytest.fixture
def on_sagemaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Start an MLflow server in the place of SageMaker's and return the ARN that leads there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    folder = tmp_path / "server"
    folder.mkdir()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"),
            *("--port", address.rpartition(":")[2], "--workers", "1", "--no-serve-artifacts"),
            *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
            *("--default-artifact-root", f"{folder.as_uri()}/artifacts"),
        ],
        cwd=folder,
        env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(address)
        monkeypatch.setenv("SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT", address)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", APP)
        yield APP
    finally:
        os.killpg(process.pid, 15)
        process.wait()


def _wait_for(address: str) -> None:
    end = time.monotonic() + 180
    while True:
        try:
            urlopen(f"{address}/health").close()
        except (URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return
