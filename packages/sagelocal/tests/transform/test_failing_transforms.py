"""Errors in a job, and how it ends."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from batch_server import request
from waiting import NET_SECONDS, wait_until

from sagelocal.errors import DefinitionError, StoppedError, StorageError
from sagelocal.jobs.machine import Machine
from sagelocal.transform import server
from sagelocal.transform.client import Client, Request
from sagelocal.transform.job import run_transform_job


def test_a_refused_record_fails_the_job_with_the_servers_words_and_the_rest_is_kept(
    transform, outputs, ready: Machine
) -> None:
    objects = {"a.csv": b"1\n", "b.csv": b"1\n2\nbad\n", "c.csv": b"3\n"}
    response = transform(objects, BatchStrategy="SingleRecord")
    assert response["TransformJobStatus"] == "Failed"
    assert response["ExitCode"] == 2
    assert response["FailureReason"] == (
        "s3://bucket/in/b.csv, line 3: the server answered 400: a row is bad"
    )
    assert outputs() == {"a.csv.out": b"2.0\n", "c.csv.out": b"6.0\n"}
    assert (ready.work / "job").is_dir()


@pytest.mark.parametrize(("status", "code"), [(500, 1), (503, 1), (302, 1), (413, 2)])
def test_any_answer_but_success_fails_the_job(transform, outputs, status: int, code: int) -> None:
    response = transform({"a.csv": b"bad\nworse\n"}, Environment={"REFUSE": str(status)})
    assert response["ExitCode"] == code
    assert f"lines 1 to 2: the server answered {status}: a row is bad" in response["FailureReason"]
    assert outputs() == {}


def test_a_record_over_the_limit_fails_the_job(transform) -> None:
    response = transform({"a.csv": b"1\n" + b"9" * 1_100_000}, MaxPayloadInMB=1)
    assert response["ExitCode"] == 2
    assert "a.csv, line 2: the record has 1100000 bytes" in response["FailureReason"]


def test_an_answer_that_does_not_fit_the_records_fails_the_job(transform) -> None:
    response = transform(
        {"a.csv": b"1\n2\n"},
        output={"Accept": "text/csv"},
        processing={"JoinSource": "Input"},
        Environment={"END": "\n9\n"},
    )
    assert "lines 1 to 2: the server answered 3 lines to 2 records" in response["FailureReason"]


def test_a_server_that_dies_fails_the_job_at_once_as_a_killed_job(transform, noted) -> None:
    response = transform({"a.csv": b"1", "b.csv": b"2"}, Environment={"DIE": "9"})
    assert response["ExitCode"] == -9
    assert "the server broke off: The job was killed by signal 9" in response["FailureReason"]
    assert len(noted("body")) == 1


def test_a_server_that_does_not_start_fails_the_job_with_its_last_words(transform) -> None:
    response = transform({"a.csv": b"1"}, Environment={"BREAK": "1"})
    assert response["TransformJobStatus"] == "Failed"
    assert response["ExitCode"] == 1
    reason = response["FailureReason"]
    assert reason.startswith("the server ended before it was ready: server started")
    assert reason.endswith("There is no scikit-learn.")


def test_a_server_may_take_its_time_to_be_ready(transform, outputs) -> None:
    transform({"a.csv": b"1"}, Environment={"READY_AFTER": "0.4"})
    assert outputs() == {"a.csv.out": b"2.0\n"}


@pytest.fixture
def pings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note requests that were answered, and let each take a second, and nothing else any time."""
    answered: list[str] = []
    ask = Client.ask

    def noting(self: Client, asked: Request) -> tuple[int, bytes]:
        answer = ask(self, asked)
        answered.append(asked.path)
        return answer

    own = SimpleNamespace(monotonic=lambda: float(len(answered)), sleep=time.sleep)
    monkeypatch.setattr(Client, "ask", noting)
    monkeypatch.setattr(server, "time", own)
    return answered


@pytest.mark.slow
@pytest.mark.parametrize(("status", "asked"), [(404, 1), (500, 1), (503, 3), (502, 3)])
def test_a_server_that_never_is_ready_fails_the_job_and_says_why(
    transform, pings, monkeypatch: pytest.MonkeyPatch, status: int, asked: int
) -> None:
    monkeypatch.setattr(server, "STARTUP_SECONDS", 3)
    response = transform({"a.csv": b"1"}, Environment={"PING": str(status)})
    assert response["FailureReason"] == (
        f"the server is not ready: it answers pings with {status}: no model"
    )
    assert len(pings) == asked, "it need not wait when there is nothing to serve"


@pytest.mark.slow
def test_a_server_that_does_not_answer_in_time_fails_the_job(transform) -> None:
    response = transform(
        {"a.csv": b"1"},
        Environment={"SLOW": "5"},
        ModelClientConfig={"InvocationsTimeoutInSeconds": 1},
    )
    assert "line 1: the server did not answer within 1 s" in response["FailureReason"]


@pytest.mark.slow
def test_an_answer_may_take_longer_than_a_ping(transform, outputs, monkeypatch) -> None:
    monkeypatch.setattr(server, "PING_SECONDS", 0.5)
    transform({"a.csv": b"1"}, Environment={"SLOW": "1"})
    assert outputs() == {"a.csv.out": b"2.0\n"}


def test_stopping_an_execution_stops_the_server(ready: Machine, models, notes: Path) -> None:
    ready.storage.put_bytes("s3://bucket/in/a.csv", b"1")
    asked = request(Environment={"SLOW": "60"})
    errors: list[Exception] = []

    def run() -> None:
        try:
            run_transform_job(asked, name="job", step="Step", machine=ready, models=models)
        except StoppedError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert wait_until(lambda: notes.is_file() and '"arrived"' in notes.read_text())
    ready.launcher.stop()
    thread.join(NET_SECONDS)
    assert len(errors) == 1
    assert not ready.storage.exists("s3://bucket/out")


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ({"source": {"SplitType": "RecordIO"}}, "SplitType must be None or Line"),
        ({"source": {"CompressionType": "Zip"}}, "CompressionType must be None or Gzip"),
        ({"output": {"AssembleWith": "Comma"}}, "AssembleWith must be None or Line"),
        ({"MaxPayloadInMB": 0}, "MaxPayloadInMB must be 1 to 100 for a local run, got 0"),
        ({"MaxPayloadInMB": 101}, "MaxPayloadInMB must be 1 to 100"),
        ({"MaxPayloadInMB": "many"}, "MaxPayloadInMB must be a whole number, got many"),
        (
            {"MaxPayloadInMB": 30, "MaxConcurrentTransforms": 4},
            "must be 100 or less, got 30 times 4",
        ),
        ({"processing": {"InputFilter": "$.a"}}, "cannot be applied to CSV"),
        ({"ModelName": "none"}, "There is no model none"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_runs(
    transform, notes: Path, rest: dict[str, Any], message: str
) -> None:
    with pytest.raises(DefinitionError, match=message):
        transform({"a.csv": b"1"}, **rest)
    assert not notes.exists()


def test_a_missing_input_is_an_error_that_names_it(transform) -> None:
    with pytest.raises(StorageError, match="Step Step, TransformInput: No S3 objects found"):
        transform({})


def test_an_inference_pipeline_and_a_missing_command_are_refused(transform, ready, models) -> None:
    containers = [{"Image": "one"}, {"Image": "two"}]
    models.create({"ModelName": "two", "Containers": containers}, step="S", default_name="x")
    with pytest.raises(DefinitionError, match="a model of one container, two has 2"):
        transform({"a.csv": b"1"}, ModelName="two")
    with pytest.raises(DefinitionError, match="there is no program to serve a model with"):
        run_transform_job(
            request(), name="j", step="S", machine=replace(ready, serve=None), models=models
        )
