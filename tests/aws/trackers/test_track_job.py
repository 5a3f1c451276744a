"""The job that logs, as SageMaker would start it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from sagetabular.tracking.experiments_tracker import component_name
from tests.aws.server import Server
from tests.aws.trackers.reading import NAME, PIPELINE, PREFIX, components, series

SCORES = ("r2", "mse", "rmse", "mae")
JOB = f"pipelines-{NAME}-TuneTree"


@pytest.fixture
def track(tmp_path: Path) -> Callable[[dict[str, str]], subprocess.CompletedProcess[str]]:
    """Return what runs the job with these variables on the files of a small execution."""
    base = tmp_path / "ml"
    folder = base / "processing/input"
    folds = [dict.fromkeys(SCORES, number / 7) for number in (1, 2)]
    report = {
        **dict.fromkeys(SCORES, 0.5), "r2_std": 0.1, "seconds": [1.0, 2.0], "folds": folds,
        "hyperparameters": {"depth": 3}, "model": "tree",
    }  # fmt: skip
    archive = folder / f"trials-tree/{JOB}-001-0a1b2c3d/output/model.tar.gz"
    write_archive(archive, {"cv.json": json.dumps(report).encode()})
    candidate = {"model": "tree", "cv_r2": 0.5, "cv_r2_std": 0.1, "test_r2": 0.4, "test_rmse": 1.0,
                 "test_mae": 2.0}  # fmt: skip
    selection = {"by": "cv", "winner": candidate, "ranking": [candidate]}
    (folder / "selection").mkdir()
    (folder / "selection/selection.json").write_text(json.dumps(selection))
    places = {"selection": f"{PREFIX}/select", "trials-tree": f"{PREFIX}/tune/tree/"}
    inputs = [{"InputName": key, "S3Input": {"S3Uri": uri}} for key, uri in places.items()]
    (base / "config").mkdir()
    config = json.dumps({"ProcessingInputs": inputs})
    (base / "config/processingjobconfig.json").write_text(config)
    words = ["--execution", NAME, "--pipeline", PIPELINE, "--parameters", "Folds=2", "--tags",
             "commit=none", "--tuning-jobs", f"tree={JOB}"]  # fmt: skip

    def run(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        own = {"SAGEMAKER_BASE_DIR": str(base), "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(
            [sys.executable, "-m", "sagetabular.jobs.track", *words],
            env=os.environ | own | variables, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


Track = Callable[[dict[str, str]], subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    "variables",
    [
        {"TRACKING": "experiments", "MLFLOW_TRACKING_URI": ""},
        # What `tracking: auto` starts an execution with where no MLflow is named.
        {"MLFLOW_TRACKING_URI": "experiments"},
    ],
    ids=["experiments", "auto"],
)
def test_the_job_logs_what_its_inputs_hold_and_where_they_lie(
    account: Server, track: Track, variables: dict[str, str]
) -> None:
    ended = track(variables)
    assert (ended.returncode, ended.stdout) == (0, f"{NAME}: 1 trials logged\n"), ended.stderr
    assert ended.stderr == ""
    found = components(account)
    trial = found[component_name(NAME, f"{JOB}-001-0a1b2c3d")]
    uri = f"{PREFIX}/tune/tree/{JOB}-001-0a1b2c3d/output/model.tar.gz"
    assert trial["OutputArtifacts"]["model.tar.gz"]["Value"] == uri
    assert trial["Parameters"] == {
        "depth": {"NumberValue": 3.0},
        "tags.task": {"StringValue": "regression"},
        "tags.metric": {"StringValue": "r2"},
        "tags.model": {"StringValue": "tree"},
        "tags.execution": {"StringValue": NAME},
    }
    assert series(account)[trial["TrialComponentName"]]["fold_r2"] == [1 / 7, 2 / 7]
    assert found[component_name(NAME)]["Parameters"]["winner"] == {"StringValue": "tree"}


def test_both_places_have_the_execution(account: Server, track: Track, tmp_path: Path) -> None:
    (tmp_path / "mlflow").mkdir()
    uri = f"sqlite:///{tmp_path}/mlflow/mlflow.db"
    ended = track({"TRACKING": "both", "MLFLOW_TRACKING_URI": uri})
    assert ended.returncode == 0, ended.stderr
    assert component_name(NAME, f"{JOB}-001-0a1b2c3d") in components(account)
    client = MlflowClient(uri)
    (experiment,) = [one for one in client.search_experiments() if one.name == PIPELINE]
    assert len(client.search_runs([experiment.experiment_id])) == 2  # the execution and its trial


def test_on_a_laptop_both_is_mlflow_alone_which_the_job_says(
    account: Server, track: Track, tmp_path: Path
) -> None:
    (tmp_path / "mlflow").mkdir()
    uri = f"sqlite:///{tmp_path}/mlflow/mlflow.db"
    lake = {"LAKE_URI": tmp_path.as_uri()}
    ended = track({"TRACKING": "both", "MLFLOW_TRACKING_URI": uri, **lake})
    assert ended.returncode == 0, ended.stderr
    assert "SageMaker Experiments is out of reach here" in ended.stdout
    assert components(account) == {}


def write_archive(file: Path, files: dict[str, bytes]) -> None:
    file.parent.mkdir(parents=True)
    with tarfile.open(file, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
