"""One execution, logged to a store here, to MLflow on SageMaker and to SageMaker Experiments."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from pipelines.cloud.permissions import JOBS
from pipelines.tracking.experiments_tracker import ExperimentsTracker, component_name
from pipelines.tracking.local_store import LocalStore
from pipelines.tracking.mlflow_client import MlflowClient
from pipelines.tracking.mlflow_tracker import MlflowTracker
from pipelines.tracking.runs import ExecutionRun, TrackingError, TrialRun
from tests.aws.conftest import BUCKET, ROLE, Server
from tests.servers import REGION

PIPELINE, NAME = "houses-p-abc", "k2xwqm3hq0vl"
APP = f"arn:aws:sagemaker:{REGION}:123456789012:mlflow-app/app-ABC"
PREFIX = f"s3://{BUCKET}/houses"
AWKWARD = [0.1 + 0.2, 1 / 3, -5e-324, 1.7976931348623157e150, 0.0, -1e16 - 2, 1e-9]
SCORES = ("r2", "mse", "rmse", "mae")


@dataclass(frozen=True)
class Logged:
    """A run, whoever keeps it; numbers are numbers, even where the store has text.

    Parameters include the tags.
    """

    parameters: dict[str, str | float]
    metrics: dict[str, list[float]]


Tree = dict[str, Logged]


def number_or_text(value: str | float) -> str | float:
    try:
        return float(value)
    except ValueError:
        return value


def tree_in_mlflow(uri: str) -> Tree:
    """Name → run, and of the execution itself too; every trial lies below it."""
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(PIPELINE)
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    top = runs[NAME].info.run_id
    parents = {run.data.tags.get("mlflow.parentRunId") for run in runs.values()}
    assert parents == {None, top}
    tree = {}
    for name, run in runs.items():
        metrics = {}
        for metric in run.data.metrics:
            history = client.get_metric_history(run.info.run_id, metric)
            assert [point.step for point in history] == [*range(len(history))]
            metrics[metric] = [point.value for point in history]
        tags = {
            f"tags.{key}": value
            for key, value in run.data.tags.items()
            if not key.startswith("mlflow.")
        }
        values = {**run.data.params, **tags}
        parameters = {key: number_or_text(value) for key, value in values.items()}
        tree[name] = Logged(parameters, metrics)
    return tree


def series(server: Server) -> dict[str, dict[str, list[float]]]:
    """Component → metric → values by step, as sent: the service itself shows only a summary."""
    address = f"{server.environment['AWS_ENDPOINT_URL']}/moto-api/data.json"
    with urlopen(address) as answer:
        entities = json.load(answer)["sagemaker"]["FakeTrialComponent"]
    return {
        entity["trial_component_name"]: {
            name: [metric["Values"][str(step)]["Value"] for step in range(len(metric["Values"]))]
            for name, metric in entity["metrics"].items()
        }
        for entity in entities
    }


def components(server: Server) -> dict[str, dict[str, Any]]:
    """Name → component, of those in the execution's trial."""
    sagemaker = server.client("sagemaker")
    (trial,) = sagemaker.list_trials(ExperimentName=PIPELINE)["TrialSummaries"]
    assert trial["TrialName"] == NAME
    pages = sagemaker.get_paginator("list_trial_components").paginate(TrialName=NAME)
    names = [one["TrialComponentName"] for page in pages for one in page["TrialComponentSummaries"]]
    assert len(set(names)) == len(names)
    found = {name: sagemaker.describe_trial_component(TrialComponentName=name) for name in names}
    for component in found.values():
        del component["ResponseMetadata"]
    return found


def tree_in_experiments(server: Server, execution: ExecutionRun) -> Tree:
    """Name → run, and of the execution itself too."""
    values = series(server)
    names = {component_name(NAME): NAME} | {
        component_name(NAME, trial.name): trial.name for trial in execution.trials
    }
    tree = {}
    for name, component in components(server).items():
        assert component["Status"] == {"PrimaryStatus": "Completed"}
        summaries = {metric["MetricName"]: metric["Count"] for metric in component["Metrics"]}
        assert summaries == {key: len(points) for key, points in values[name].items()}
        parameters = {
            key: number_or_text(next(iter(value.values())))
            for key, value in component["Parameters"].items()
        }
        assert component["DisplayName"] == names[name]
        tree[names[name]] = Logged(parameters, values[name])
    return tree


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


def answering(service: str, answer: Callable[..., AWSResponse | None]) -> None:
    """Let some requests be answered here, before they are sent."""
    if boto3.DEFAULT_SESSION is None:
        boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register(f"before-send.{service}", answer)


def requests_of(service: str) -> list[str]:
    """Return a list that grows by the name of each operation that is asked for."""
    asked: list[str] = []

    def note(request: Any, **_: object) -> None:
        asked.append(request.headers["X-Amz-Target"].decode().partition(".")[2])

    answering(service, note)
    return asked


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


def test_the_tree_of_runs_its_names_and_its_numbers_are_the_same_in_all_three(
    account: Server, execution: ExecutionRun, on_sagemaker: str, tmp_path: Path
) -> None:
    store = LocalStore(tmp_path / "mlflow")
    MlflowTracker(store.uri).log(execution)
    MlflowTracker(on_sagemaker).log(execution)
    ExperimentsTracker().log(execution)
    here = tree_in_mlflow(store.uri)
    assert here.keys() == {NAME, *(trial.name for trial in execution.trials)}
    assert here[execution.trials[0].name].metrics["fold_r2"] == AWKWARD
    assert tree_in_mlflow(on_sagemaker) == here
    assert tree_in_experiments(account, execution) == here


def test_artefacts_are_addresses_in_s3(account: Server, execution: ExecutionRun) -> None:
    ExperimentsTracker().log(execution)
    found = {name: component["OutputArtifacts"] for name, component in components(account).items()}
    selection = {"MediaType": "application/json", "Value": execution.address}
    assert found.pop(component_name(NAME)) == {"selection.json": selection}
    expected = {"MediaType": "application/gzip", "Value": execution.trials[0].address}
    assert found[component_name(NAME, execution.trials[0].name)] == {"model.tar.gz": expected}


def test_a_retry_repeats_nothing_and_adds_nothing(account: Server, execution: ExecutionRun) -> None:
    ExperimentsTracker().log(execution)
    before = components(account)
    asked = requests_of("sagemaker")
    ExperimentsTracker().log(execution)
    assert asked == ["DescribeExperiment", "DescribeTrial", "ListTrialComponents"]
    assert components(account) == before


def test_what_broke_off_in_the_middle_is_made_anew(
    account: Server, execution: ExecutionRun
) -> None:
    calls = []

    def fail_the_sixth_time(**_: object) -> AWSResponse | None:
        calls.append(1)
        return refusal("AccessDenied", 403) if len(calls) == 6 else None

    answering("sagemaker-metrics", fail_the_sixth_time)
    with pytest.raises(TrackingError) as caught:
        ExperimentsTracker().log(execution)
    assert "\n" not in caught.value.message
    assert caught.value.message.startswith("SageMaker Experiments cannot be used: ")
    assert len(components(account)) == 2, "whole ones, and not that of the execution"
    asked = requests_of("sagemaker")
    ExperimentsTracker().log(execution)
    assert asked.count("DeleteTrialComponent") == 1, "its numbers would count twice"
    allowed = {one.action.partition(":")[2] for one in JOBS if "experiments" in one.users}
    assert {*asked, "BatchPutMetrics"} <= allowed
    tree = tree_in_experiments(account, execution)
    assert tree.keys() == {NAME, *(trial.name for trial in execution.trials)}
    assert all(tree[trial.name].metrics["fold_r2"] == AWKWARD for trial in execution.trials)


def test_an_execution_that_reuses_trials_has_components_of_its_own(
    account: Server, execution: ExecutionRun
) -> None:
    sagemaker = account.client("sagemaker")
    for name in ("another", "another2"):
        sagemaker.create_trial(ExperimentName=PIPELINE, TrialName=name)
        ExperimentsTracker().log(replace(execution, name=name))
    for name in ("another", "another2"):
        listed = sagemaker.list_trial_components(TrialName=name)["TrialComponentSummaries"]
        assert len(listed) == 5


@pytest.mark.parametrize("known", [["DescribeTrial"], ["DescribeExperiment", "DescribeTrial"]])
def test_experiment_and_trial_are_made_where_the_start_of_the_execution_did_not(
    account: Server, execution: ExecutionRun, known: list[str]
) -> None:
    for operation in known:  # the local server breaks down over what it does not have
        answering(f"sagemaker.{operation}", lambda **_: refusal("ResourceNotFound", 400))
    execution = replace(execution, pipeline="other" if len(known) == 2 else PIPELINE, name="new")
    ExperimentsTracker().log(execution)
    listed = account.client("sagemaker").list_trials(ExperimentName=execution.pipeline)
    assert "new" in [trial["TrialName"] for trial in listed["TrialSummaries"]]


def test_the_service_may_ask_for_patience(account: Server, execution: ExecutionRun) -> None:
    calls = []

    def throttle_every_fifth(**_: object) -> AWSResponse | None:
        calls.append(1)
        return refusal("ThrottlingException", 400) if len(calls) % 5 == 0 else None

    answering("sagemaker", throttle_every_fifth)
    one = replace(execution, trials=execution.trials[:1])
    ExperimentsTracker().log(one)
    assert len(calls) > 10
    assert tree_in_experiments(account, one).keys() == {NAME, one.trials[0].name}


class Body(io.BytesIO):
    """What a response is read from."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.read()


def refusal(code: str, status: int) -> AWSResponse:
    """Answer with an error of the service."""
    body = json.dumps({"__type": code, "message": "No."}).encode()
    return AWSResponse("", status, {"x-amzn-errortype": code}, Body(body))


def test_an_account_that_cannot_be_reached_is_named_with_a_remedy(
    execution: ExecutionRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(TrackingError) as caught:
        ExperimentsTracker().log(execution)
    assert str(caught.value).splitlines() == [
        "SageMaker Experiments cannot be used: You must specify a region.",
        "See that the job's role may use experiments, trials and trial components.",
    ]


def test_the_job_logs_what_its_inputs_hold_and_where_they_lie(
    account: Server, tmp_path: Path
) -> None:
    job, base = f"pipelines-{NAME}-TuneTree", tmp_path / "ml"
    folder = base / "processing/input"
    folds = [dict.fromkeys(SCORES, number / 7) for number in (1, 2)]
    report = {
        **dict.fromkeys(SCORES, 0.5), "r2_std": 0.1, "seconds": [1.0, 2.0], "folds": folds,
        "hyperparameters": {"depth": 3}, "model": "tree",
    }  # fmt: skip
    archive = folder / f"trials-tree/{job}-001-0a1b2c3d/output/model.tar.gz"
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
             "commit=none", "--tuning-jobs", f"tree={job}"]  # fmt: skip
    own = {"SAGEMAKER_BASE_DIR": str(base), "TRACKING": "experiments", "MLFLOW_TRACKING_URI": "",
           "PYTHONPATH": os.pathsep.join(sys.path)}  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-m", "pipelines.training.jobs.track", *words],
        env=os.environ | own, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (0, f"{NAME}: 1 trials logged\n"), ended.stderr
    assert ended.stderr == ""
    found = components(account)
    trial = found[component_name(NAME, f"{job}-001-0a1b2c3d")]
    uri = f"{PREFIX}/tune/tree/{job}-001-0a1b2c3d/output/model.tar.gz"
    assert trial["OutputArtifacts"]["model.tar.gz"]["Value"] == uri
    assert trial["Parameters"] == {
        "depth": {"NumberValue": 3.0},
        "tags.model": {"StringValue": "tree"},
        "tags.execution": {"StringValue": NAME},
    }
    assert series(account)[trial["TrialComponentName"]]["fold_r2"] == [1 / 7, 2 / 7]
    assert found[component_name(NAME)]["Parameters"]["winner"] == {"StringValue": "tree"}


def write_archive(file: Path, files: dict[str, bytes]) -> None:
    file.parent.mkdir(parents=True)
    with tarfile.open(file, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
