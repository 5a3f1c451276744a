"""MLflow's store, read through its own client, holds exactly what the execution has found."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pandas as pd
import pytest
from comparing import check
from planting import Run, plant, run_project
from reading import read_back

from sagetabular.local import account
from sagetabular.project import find_project

pytestmark = pytest.mark.slow

HTML = "<script>alert('ä')</script> \"quoted\""
CODE = """
import json
import numpy as np

def numbers(features):
    return features.select_dtypes("number").to_numpy(float)

def fit(features, target, hyperparameters, seed):
    if hyperparameters["kind"] == "explode":
        raise RuntimeError("this trial fails")
    return (numbers(features).mean(axis=0) * FACTOR).tolist()

def predict(model, features):
    return numbers(features) @ np.array(model)

def save(model, folder):
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")

def load(folder):
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))
"""

VIEW = "?workflowType=machine_learning&viewStateShareKey=scores"


@pytest.fixture(scope="module")
def finished(tmp_path_factory, new_example) -> Run:
    """A project with awkward names whose pipeline has run once; one trial of each model failed."""
    root = tmp_path_factory.mktemp("tracking") / "a project's <b> ünï folder"
    example = new_example(root)
    table = pd.DataFrame(np.random.default_rng(3).normal(size=(60, 2)), columns=[HTML, "größe"])
    plant(root, table.assign(y=table[HTML] * 2), "y", split={"folds": 3},
          selection={"minimum_r2": -1e9})  # fmt: skip
    values = [HTML, "plain", "explode"]
    tuning = {"strategy": "Grid", "ranges": {"kind": {"type": "categorical", "values": values}}}
    for name, factor in (("ridge", "1"), ("boost", "2")):
        example.change(f"models/{name}/model.yaml", "tuning", tuning)
        example.change(f"models/{name}/model.yaml", "hyperparameters", {HTML: 0.1, "on": True})
        example.write(f"models/{name}/model.py", CODE.replace("FACTOR", factor))
    run = run_project(root)
    assert run.record.status == "Succeeded", run.record.failure_reason
    return run


@pytest.fixture
def project(finished, example, monkeypatch, tmp_path):
    """A copy of it that the test may change."""
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(example.root)
    shutil.copytree(finished.root, example.root)
    return example


def store_of(root):
    return account.tracking_store(find_project(root))


def test_the_store_holds_exactly_the_trials_and_results_of_the_execution(finished) -> None:
    (logged,) = read_back(store_of(finished.root), "test-project")
    check(finished, logged)
    assert (logged.name, logged.status) == (finished.record.id, "FINISHED")
    selection = finished.output("Select", "selection") / "selection.json"
    assert logged.artefacts == {"selection.json": selection.read_bytes()}
    summary = json.loads((finished.output("Preprocess", "summary") / "summary.json").read_bytes())
    assert logged.tags["data_fingerprint"] == summary["fingerprint"]
    assert logged.tags["commit"] == "none"
    ranking = json.loads(selection.read_bytes())["ranking"]
    names = ("cv_r2", "cv_r2_std", "test_r2", "test_rmse", "test_mae")
    expected = {f"{one['model']}.{name}": [one[name]] for one in ranking for name in names}
    expected |= {name: [ranking[0][name]] for name in ("cv_r2", "test_r2")}
    assert logged.metrics == expected
    values = {name: str(value) for name, value in finished.record.parameters.items()}
    shaping = ("Database", "Table", "DataVersion", "Folds", "Seed", "MaxParallelTrainingJobs",
               "MinimumR2")  # fmt: skip
    assert logged.parameters == {name: values[name] for name in shaping} | {
        "split.kind": "random", "selection.by": "cv", "winner": ranking[0]["model"]
    }  # fmt: skip


def test_a_second_execution_logs_the_trials_that_it_reused(project, pipeline) -> None:
    ended = pipeline("run")
    assert ended.code == 0, ended
    assert "Select (Processing) succeeded (cached)" in ended.err
    assert "Track (Processing) succeeded\n" in ended.err
    sagemaker = Run(project.root, None, None).sagemaker
    records = {record.id: record for record in sagemaker.executions()}
    logged = read_back(store_of(project.root), "test-project")
    assert sorted(run.name for run in logged) == sorted(records)
    for run in logged:
        check(Run(project.root, records[run.name], None), run)


def test_experiments_are_logged_here_to_the_same_store_which_the_step_says(
    project, pipeline
) -> None:
    project.change("conf/pipeline.yaml", "tracking", "experiments")
    ended = pipeline("run")
    assert ended.code == 0, ended
    words = "SageMaker Experiments is out of reach here: logged to MLflow's store instead"
    assert f"Track (Processing) succeeded: {words}\n" in ended.err
    record = Run(project.root, None, None).sagemaker.executions()[0]
    assert "TrackingUri" not in record.parameters
    logged = {run.name: run for run in read_back(store_of(project.root), "test-project")}
    check(Run(project.root, record, None), logged[record.id])
    (other,) = logged.keys() - {record.id}
    assert logged[record.id].parameters == logged[other].parameters
    assert logged[record.id].metrics == logged[other].metrics


def test_trials_of_another_tuning_job_below_the_same_prefix_are_left_out(project, pipeline) -> None:
    (record,) = Run(project.root, None, None).sagemaker.executions()
    folder = project.root / ".pipeline/s3/local/test-project/executions" / record.id / "tune/ridge"
    first = sorted(folder.iterdir())[0]
    shutil.copytree(first, folder / f"{first.name}-001")
    shutil.copytree(first, folder / first.name.replace("TuneRidge", "TuneRidge-retry-1"))
    assert pipeline("run").code == 0
    for run in read_back(store_of(project.root), "test-project"):
        check(Run(project.root, record, None), run)


def test_what_track_could_not_log_is_logged_when_the_execution_is_resumed(
    project, pipeline
) -> None:
    store = store_of(project.root)
    shutil.rmtree(store.folder)
    store.folder.write_text("in the way")
    ended = pipeline("run")
    assert ended.code == 2, ended
    rule, remedy = ended.err.splitlines()[-2:]
    assert rule.startswith(f"{store.folder}: MLflow's store cannot be written: ")
    assert remedy == "Make the folder and its files yours, or move it away."
    store.folder.unlink()
    record = Run(project.root, None, None).sagemaker.executions()[0]
    ended = pipeline("resume", record.id)
    assert ended.code == 0, ended
    (logged,) = read_back(store, "test-project")
    assert logged.name == record.id
    resumed = Run(project.root, None, None).sagemaker.execution(record.id)
    check(Run(project.root, resumed, None), logged)


def test_clean_takes_the_runs_of_removed_executions_along(project, pipeline) -> None:
    shutil.rmtree(project.root / ".pipeline/model-registry")
    assert pipeline("run", "--no-cache", "--set", "MinimumR2=1e9").code == 3
    ended = pipeline("clean", "--keep", "1", "--yes")
    assert ended.code == 0, ended
    (kept,) = Run(project.root, None, None).sagemaker.executions()
    (logged,) = read_back(store_of(project.root), "test-project")
    assert (logged.name, len(logged.children)) == (kept.id, 4)
    left = [*(store_of(project.root).folder / "artifacts").rglob("*.json")]
    assert len(left) == 5, "the artefacts of the others are gone"
    assert not (project.root / "mlruns").exists()


def test_without_a_store_the_mlflow_command_says_how_to_get_one(pipeline, example) -> None:
    folder = example.root / ".pipeline/mlflow"
    assert pipeline("mlflow").mistake == [
        f"{folder}: no execution is logged yet.",
        "Start `pipeline run`.",
    ]


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal")
def test_mlflow_opens_its_pages_on_the_store_and_ends_with_an_interrupt(project) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    code = "from sagetabular.cli import main; main()"
    running = subprocess.Popen(
        [sys.executable, "-c", code, "mlflow", "--port", str(port)],
        cwd=project.root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        page = _wait_for(address, running)
        assert b"MLflow" in page
        with urlopen(f"{address}/ajax-api/2.0/mlflow/experiments/get?experiment_id=1") as answer:
            assert json.load(answer)["experiment"]["name"] == "test-project"
        told = f"MLflow: {address}/#/experiments/1/runs{VIEW} (Ctrl-C ends it)\n"
        assert running.stderr.readline() == told
    finally:
        running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 0
    with pytest.raises(URLError), urlopen(address):
        pass


def _wait_for(address: str, server) -> bytes:
    for _ in range(600):
        try:
            with urlopen(address) as answer:
                return answer.read()
        except URLError:
            assert server.poll() is None, "the server has ended"
            time.sleep(0.1)
    raise AssertionError("the server does not answer")
