from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from unittest.mock import create_autospec

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import deleted, read_back

from sagetabular.tracking import mlflow_tracker
from sagetabular.tracking.local_store import LocalStore, local_store
from sagetabular.tracking.mlflow_client import connect_locally
from sagetabular.tracking.mlflow_tracker import MlflowTracker
from sagetabular.tracking.runs import ExecutionRun, TrackingError, TrialRun, parameter_key

pytestmark = pytest.mark.slow

AWKWARD = [0.1 + 0.2, 1 / 3, -5e-324, 1.7976931348623157e308, 0.0, -1e16 - 2]


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    """MLflow makes a folder for artefacts that name no place, where it runs."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "a project's <b> ünï folder" / "mlflow")


@pytest.fixture
def execution(tmp_path):
    """An execution with two trials."""

    def folder(name, files):
        (tmp_path / name).mkdir()
        for file, content in files.items():
            (tmp_path / name / file).write_bytes(content)
        return tmp_path / name

    trials = [
        TrialRun(
            name=f"job-{number:03}",
            model="tree",
            hyperparameters={"depth": number, "rate": 0.1, "kind": "<i>'ä\"</i>", "on": True},
            metrics={"r2": AWKWARD[number]},
            fold_metrics={"fold_r2": AWKWARD},
            artefacts=folder(f"trial {number}", {"cv.json": b"{}", "predictions.parquet": b"x"}),
        )
        for number in (1, 2)
    ]
    return ExecutionRun(
        name="e1",
        pipeline="test-project",
        parameters={"Folds": "5"},
        metrics={"tree.cv_r2": AWKWARD[0]},
        tags={"commit": "none"},
        artefacts=folder("selection", {"selection.json": b'{"by": "cv"}'}),
        trials=trials,
    )


def log(store, execution) -> None:
    MlflowTracker(store.uri).log(execution)


def test_what_is_read_back_is_what_was_logged_to_the_last_bit(store, execution):
    log(store, execution)
    (run,) = read_back(store, "test-project")
    assert (run.name, run.status) == ("e1", "FINISHED")
    assert run.parameters == {"Folds": "5"}
    assert run.metrics == {"tree.cv_r2": [AWKWARD[0]]}
    assert run.tags.items() >= {"commit": "none", "execution": "e1"}.items()
    assert run.artefacts == {"selection.json": b'{"by": "cv"}'}
    for number, child in zip((1, 2), run.children, strict=True):
        assert (child.name, child.status) == (f"{number:03} tree", "FINISHED")
        assert child.tags["training_job"] == f"job-{number:03}"
        assert child.tags["model"] == "tree"
        assert child.parameters == {
            "depth": str(number), "rate": "0.1", "kind": "<i>'ä\"</i>", "on": "true"
        }  # fmt: skip
        assert child.metrics == {"r2": [AWKWARD[number]], "fold_r2": AWKWARD}
        assert child.artefacts == {"cv.json": b"{}", "predictions.parquet": b"x"}


@pytest.mark.parametrize(
    ("job", "name"),
    [
        ("pipelines-20261130-150149-8893-TuneXGBoost-012", "012 tree"),
        # As SageMaker names the trials of a tuning job: its name, the number, and a hash.
        ("abc1def2-TuneXGBoost-x1y2z3-007-1a2b3c4d", "007 tree"),
        ("abc-1000-1a2b3c4d", "1000 tree"),
        ("fit", "fit"),
    ],
)
def test_the_name_of_a_trial_begins_with_its_number(store, execution, job, name):
    log(store, replace(execution, trials=[replace(execution.trials[0], name=job)]))
    (child,) = read_back(store, "test-project")[0].children
    assert (child.name, child.tags["training_job"]) == (name, job)


def test_the_pages_begin_with_training_and_the_scores(store, execution):
    """MLflow's pages read the kind of work, and a shared view, from the address."""
    log(store, execution)
    page = store.page("test-project")
    assert page.endswith("/runs?workflowType=machine_learning&viewStateShareKey=scores")
    found = connect_locally(store.uri).get_experiment_by_name("test-project")
    assert page.startswith(f"/#/experiments/{found.experiment_id}/")
    assert found.tags["mlflow.experimentKind"] == "custom_model_development"
    columns = json.loads(found.tags["mlflow.sharedViewState.scores"])["selectedColumns"]
    assert columns[:2] == ["metrics.`cv_r2`", "metrics.`test_r2`"]


def test_an_experiment_of_an_earlier_version_gets_its_view(store, execution):
    log(store, execution)
    with closing(sqlite3.connect(store.database)) as connection, connection:
        connection.execute("DELETE FROM experiment_tags")
    assert store.page("test-project").endswith("workflowType=machine_learning")
    log(store, execution)
    assert store.page("test-project").endswith("&viewStateShareKey=scores")


def test_the_scores_that_the_pages_show_are_those_of_the_latest_metric(store, execution):
    def columns():
        found = connect_locally(store.uri).get_experiment_by_name("test-project")
        return json.loads(found.tags["mlflow.sharedViewState.scores"])["selectedColumns"]

    log(store, replace(execution, tags={"metric": "roc_auc"}))
    shown = [f"metrics.`{name}`" for name in ("cv_roc_auc", "test_roc_auc", "roc_auc")]
    assert columns()[:3] == shown
    log(store, replace(execution, name="e2", tags={"metric": "log_loss"}))
    assert columns()[:2] == ["metrics.`cv_log_loss`", "metrics.`test_log_loss`"]
    assert columns()[-1] == "params.`winner`"


def test_task_and_metric_are_tags_by_which_runs_are_found(store, execution):
    own = {"task": "binary", "metric": "f1"}
    trials = [replace(trial, tags=own) for trial in execution.trials]
    log(store, replace(execution, tags=own, trials=trials))
    log(store, replace(execution, name="e2"))
    client = connect_locally(store.uri)
    experiment = client.get_experiment_by_name("test-project").experiment_id
    found = client.search_runs([experiment], "tags.task = 'binary' and tags.metric = 'f1'")
    assert len(found) == 3
    assert {run.data.tags["execution"] for run in found} == {"e1"}


def test_no_empty_experiment_stands_beside_ours(store, execution):
    log(store, execution)
    experiments = connect_locally(store.uri).search_experiments()
    assert [experiment.name for experiment in experiments] == ["test-project"]


def test_more_than_a_call_may_carry_is_logged_in_several(store, execution):
    values = {f"p{number}": number for number in range(130)}
    series = {f"fold_{name}": [float(step) for step in range(400)] for name in "abcde"}
    trial = replace(execution.trials[0], hyperparameters=values, fold_metrics=series)
    log(store, replace(execution, trials=[trial]))
    (child,) = read_back(store, "test-project")[0].children
    assert child.parameters == {name: str(value) for name, value in values.items()}
    assert {name: child.metrics[name] for name in series} == series


def test_logging_an_execution_again_replaces_what_was_there(store, execution):
    log(store, execution)
    log(store, replace(execution, name="e2"))
    log(store, replace(execution, trials=execution.trials[:1]))
    runs = read_back(store, "test-project")
    assert sorted((run.name, len(run.children)) for run in runs) == [("e1", 1), ("e2", 2)]


def test_what_broke_off_in_the_middle_is_replaced_by_the_whole(store, execution, monkeypatch):
    calls = []

    def fail_the_second_time(_client, run, _folder):
        calls.append(run)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        broken = create_autospec(mlflow_tracker.keep_files, side_effect=fail_the_second_time)
        patch.setattr(mlflow_tracker, "keep_files", broken)
        with pytest.raises(TrackingError, match="No space left on device"):
            log(store, execution)
    (broken,) = read_back(store, "test-project")
    assert broken.status == "RUNNING", "what is not finished must not look so"
    log(store, execution)
    (run,) = read_back(store, "test-project")
    assert (run.status, len(run.children)) == ("FINISHED", 2)
    assert all(child.artefacts for child in run.children)
    assert deleted(store, "test-project") == 3


@pytest.mark.skipif(os.name != "posix", reason="the process ends itself by a signal")
def test_a_database_that_was_killed_while_it_was_made_is_never_used(store, execution):
    code = (
        "import os, sys\n"
        "from sagetabular.tracking.local_store import LocalStore\n"
        "from pathlib import Path\nfrom urllib.parse import unquote\n"
        "def create(uri):\n"
        "    path = unquote(uri.removeprefix('sqlite+pysqlite:///'))\n"
        "    Path(path).write_bytes(b'half a database')\n"
        "    os.kill(os.getpid(), 9)\n"
        "with LocalStore(Path(sys.argv[1])).prepared(create):\n    pass\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(store.folder)]
    assert subprocess.run(command, env=environment, check=False).returncode == -9
    assert not store.database.exists()
    log(store, execution)
    assert len(read_back(store, "test-project")) == 1


def test_several_executions_may_log_at_once(store, execution):
    with ThreadPoolExecutor(4) as pool:
        every = [replace(execution, name=f"e{number}") for number in range(4)]
        list(pool.map(lambda one: log(store, one), every))
    runs = read_back(store, "test-project")
    assert sorted(run.name for run in runs) == ["e0", "e1", "e2", "e3"]
    assert all(len(run.children) == 2 for run in runs)


def test_a_project_that_moved_keeps_its_artefacts(store, execution, tmp_path):
    log(store, execution)
    shutil.move(store.folder, tmp_path / "new home" / "mlflow")
    moved = LocalStore(tmp_path / "new home" / "mlflow")
    log(moved, replace(execution, name="e2"))
    assert not store.folder.exists()
    runs = read_back(moved, "test-project")
    assert [[*run.artefacts] for run in runs] == [["selection.json"]] * 2
    assert all(len(child.artefacts) == 2 for run in runs for child in run.children)


def test_a_store_that_cannot_be_written_is_named_with_a_remedy(store, execution):
    store.folder.parent.mkdir()
    store.folder.write_text("in the way")
    with pytest.raises(TrackingError) as caught:
        log(store, execution)
    assert caught.value.message.startswith(f"{store.folder}: MLflow's store cannot be written: ")
    assert caught.value.remedy == "Make the folder and its files yours, or move it away."


def test_a_database_that_is_none_is_named_with_a_remedy(store, execution):
    store.folder.mkdir(parents=True)
    store.database.write_bytes(b"no database at all" * 99)
    with pytest.raises(TrackingError, match="cannot be written: file is not a database"):
        log(store, execution)


def test_a_server_that_does_not_answer_is_named_with_a_remedy(execution, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(TrackingError) as caught:
        MlflowTracker(f"http://127.0.0.1:{port}").log(execution)
    assert caught.value.message.startswith(f"MLflow at http://127.0.0.1:{port} cannot be used: ")
    assert "\n" not in caught.value.message


def test_a_local_address_must_end_in_the_name_of_the_database(store):
    assert local_store(store.uri) == store
    assert local_store("https://mlflow.example.org") is None
    with pytest.raises(TrackingError, match="must be sqlite:////<folder>/mlflow.db, got"):
        local_store("sqlite:////tmp/other.db")


def test_readers_do_not_wait_for_the_writer(store, execution):
    log(store, execution)
    with closing(sqlite3.connect(store.database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@given(name=st.text(min_size=1, max_size=40))
def test_every_name_becomes_one_that_mlflow_takes(name):
    from mlflow.entities import Param
    from mlflow.utils.validation import _validate_param

    key = parameter_key(name)
    _validate_param(Param(key, "x").key, "x")


@given(names=st.lists(st.text(alphabet="a<>&\"'/\\.é ", max_size=8), unique=True))
def test_different_names_stay_different(names):
    assert len({parameter_key(name) for name in names}) == len(names)


def test_mlflow_starts_without_the_libraries_it_does_not_need(tmp_path):
    code = (
        "import sys\nimport sagetabular.tracking.mlflow_tracker\n"
        "heavy = {'numpy', 'pandas', 'scipy', 'sklearn', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))\nimport numpy\nimport pandas\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.returncode) == ("[]\n", 0), ended.stderr


def test_garbage_is_collected_as_before_once_mlflow_has_been_imported(tmp_path):
    code = (
        "import gc, sys\n{before}\nimport sagetabular.tracking.mlflow_client as client\n"
        "client.make_database('sqlite:///' + sys.argv[1])\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 100_000)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for before, expected in (("", "True True\n"), ("gc.disable()", "False True\n")):
        database = tmp_path / f"{len(before)}.db"
        command = [sys.executable, "-c", code.format(before=before), str(database)]
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        assert (ended.stdout, ended.returncode) == (expected, 0), ended.stderr
