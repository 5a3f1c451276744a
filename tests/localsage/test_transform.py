from __future__ import annotations

import gzip
import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localsage import LocalSageMaker, ServeCommand, server
from localsage.archives import pack
from localsage.containers import Machine
from localsage.errors import DefinitionError, StoppedError, StorageError
from localsage.models import ModelStore
from localsage.transform import run_transform_job

# A server as an image has one. It multiplies the last number of a row by the one in its model,
# notes what it was asked, and does what its variables say.
SERVER = """
import http.server, json, os, pathlib, signal, sys, threading, time

base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
factor = float((base / "model" / "factor.txt").read_text())
notes, lock, now = pathlib.Path(os.environ["NOTES"]), threading.Lock(), [0, 0]
together = threading.Barrier(int(os.environ.get("TOGETHER", "1")))
started, ready_after = time.monotonic(), float(os.environ.get("READY_AFTER", "0"))


def note(**what):
    with lock, notes.open("a") as file:
        file.write(json.dumps(what) + "\\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = os.environ.get("PROTOCOL", "HTTP/1.1")

    def do_GET(self):
        if self.path == "/ping":
            waiting = time.monotonic() - started < ready_after
            self.answer(503 if waiting else int(os.environ.get("PING", "200")), b"no model\\n")
        elif "PARAMETERS" in os.environ:
            self.answer(200, os.environ["PARAMETERS"].encode())
        else:
            self.answer(404, b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with lock:
            now[0] += 1
            now[1] = max(now)
        together.wait(timeout=30)
        time.sleep(float(os.environ.get("SLOW", "0")))
        note(body=body, type=self.headers["Content-Type"], accept=self.headers["Accept"])
        if "DIE" in os.environ:
            os.kill(os.getpid(), int(os.environ["DIE"]))
        if "bad" in body:
            self.answer(int(os.environ.get("REFUSE", "400")), b"a row is bad\\n")
        else:
            self.answer(200, self.predictions(body).encode())
        with lock:
            now[0] -= 1

    def predictions(self, body):
        if "json" in self.headers["Content-Type"]:
            found = [json.loads(line) for line in body.splitlines() if line]
            return "\\n".join(json.dumps({"label": sum(row) * factor}) for row in found)
        rows = [line.split(",") for line in body.splitlines() if line]
        end = os.environ.get("END", "\\n")
        return "\\n".join(str(float(row[-1]) * factor) for row in rows) + end

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def stop(*_):
    note(most=now[1], ended=True)
    os._exit(0)


signal.signal(signal.SIGTERM, stop)
note(variables={key: value for key, value in os.environ.items() if key.startswith("SAGEMAKER_")})
print("server started", flush=True)
if "BREAK" in os.environ:
    sys.exit("There is no scikit-learn.")
address = ("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"]))
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""
ARTEFACT = "s3://bucket/models/model.tar.gz"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes.jsonl"


@pytest.fixture
def command(tmp_path: Path, notes: Path) -> ServeCommand:
    program = tmp_path / "serve.py"
    program.write_text(SERVER)
    return ServeCommand(["python", str(program)], {"NOTES": str(notes), "OF": "the command"})


def put_model(storage, tmp_path: Path, factor: float = 2) -> None:
    (tmp_path / "model").mkdir(exist_ok=True)
    (tmp_path / "model" / "factor.txt").write_text(str(factor))
    pack(tmp_path / "model", tmp_path / "model.tar.gz")
    storage.put_bytes(ARTEFACT, (tmp_path / "model.tar.gz").read_bytes())


@pytest.fixture
def ready(machine: Machine, command: ServeCommand, tmp_path: Path) -> Machine:
    put_model(machine.storage, tmp_path)
    return replace(machine, serve=command)


@pytest.fixture
def models(ready: Machine, tmp_path: Path) -> ModelStore:
    models = ModelStore(tmp_path / "executions" / "20260101-000000-0000", ready.storage)
    container = {"Image": "image", "ModelDataUrl": ARTEFACT, "Environment": {"OF": "the model"}}
    models.create({"PrimaryContainer": container}, step="Create", default_name="model")
    return models


def request(**rest: Any) -> dict[str, Any]:
    """A job over CSV lines; `source`, `output` and `processing` change parts of it."""
    source, output = rest.pop("source", {}), rest.pop("output", {})
    processing = rest.pop("processing", None)
    data = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}
    return {
        "ModelName": "model",
        "TransformInput": {
            "DataSource": {"S3DataSource": data},
            "ContentType": "text/csv",
            "SplitType": "Line",
            **source,
        },
        "TransformOutput": {
            "S3OutputPath": "s3://bucket/out",
            "Accept": "text/csv",
            "AssembleWith": "Line",
            **output,
        },
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **({"DataProcessing": processing} if processing else {}),
        **rest,
    }


@pytest.fixture
def transform(ready: Machine, models: ModelStore):
    """Run a job over objects, and return its response."""

    def run_job(objects: dict[str, bytes], **rest: Any):
        for name, content in objects.items():
            ready.storage.put_bytes(f"s3://bucket/in/{name}", content)
        return run_transform_job(
            request(**rest), name="job", step="Step", machine=ready, models=models
        )

    return run_job


@pytest.fixture
def outputs(ready: Machine):
    def read() -> dict[str, bytes]:
        names = ready.storage.objects("s3://bucket/out")
        return {name: ready.storage.read_bytes(f"s3://bucket/out/{name}") for name in names}

    return read


@pytest.fixture
def noted(notes: Path):
    def read(key: str) -> list[Any]:
        entries = [json.loads(line) for line in notes.read_text().splitlines()]
        return [entry[key] for entry in entries if key in entry]

    return read


def test_every_object_becomes_one_with_a_prediction_for_each_record(
    transform, outputs, noted, ready: Machine
) -> None:
    response = transform({"a.csv": b"1,2\n3,4\n", "sub/b.csv": b"5"})
    assert response["TransformJobStatus"] == "Completed"
    assert response["ExitCode"] == 0
    assert response["TransformOutput"]["S3OutputPath"] == "s3://bucket/out"
    assert outputs() == {"a.csv.out": b"4.0\n8.0\n", "sub/b.csv.out": b"10.0\n"}
    assert noted("body") == ["1,2\n3,4\n", "5"]
    assert set(noted("type")) == set(noted("accept")) == {"text/csv"}
    assert noted("ended") == [True]
    assert (ready.logs / "Step" / "job.log").read_text() == "server started\n"
    assert not (ready.work / "job").exists()


def test_a_server_is_told_that_it_serves_a_batch_and_only_what_the_request_says(
    transform, noted, ready: Machine
) -> None:
    transform({"a.csv": b"1"})
    (variables,) = noted("variables")
    assert variables.pop("SAGEMAKER_BIND_TO_PORT").isdecimal()
    assert variables.pop("SAGEMAKER_BASE_DIR") == str((ready.work / "job").resolve())
    assert variables == {"SAGEMAKER_BATCH": "true"}


def test_a_server_is_told_what_the_request_says(transform, noted) -> None:
    transform(
        {"a.csv": b"1"},
        BatchStrategy="SingleRecord",
        MaxPayloadInMB=3,
        MaxConcurrentTransforms="4",
        Environment={"SAGEMAKER_MINE": "x"},
    )
    (variables,) = noted("variables")
    assert variables["SAGEMAKER_BATCH_STRATEGY"] == "SINGLE_RECORD"
    assert variables["SAGEMAKER_MAX_PAYLOAD_IN_MB"] == "3"
    assert variables["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] == "4"
    assert variables["SAGEMAKER_MINE"] == "x"


def test_variables_of_the_job_win_over_the_models_and_those_over_the_commands(
    transform, tmp_path: Path, ready, models
) -> None:
    program = Path(ready.serve.words[1])
    program.write_text(f"import os\nprint('of', os.environ['OF'], flush=True)\n{SERVER}")
    log = ready.logs / "Step" / "job.log"
    transform({"a.csv": b"1"})
    assert log.read_text().startswith("of the model\n")
    log.unlink()
    transform({"a.csv": b"1"}, Environment={"OF": "the job"})
    assert log.read_text().startswith("of the job\n")


def test_payloads_are_packed_up_to_the_limit(transform, outputs, noted) -> None:
    row = b"1," + b"0" * 300_000 + b"7\n"
    transform({"a.csv": row * 8}, MaxPayloadInMB=1)
    assert [len(body) // len(row) for body in noted("body")] == [3, 3, 2]
    assert outputs()["a.csv.out"] == b"14.0\n" * 8


def test_single_records_are_sent_one_by_one_on_one_connection_or_many(
    transform, outputs, noted
) -> None:
    for protocol in ("HTTP/1.1", "HTTP/1.0"):
        transform(
            {"a.csv": b"1\n2\n3\n"},
            BatchStrategy="SingleRecord",
            Environment={"PROTOCOL": protocol},
        )
        assert outputs()["a.csv.out"] == b"2.0\n4.0\n6.0\n"
    assert noted("body") == ["1\n", "2\n", "3\n"] * 2


def test_requests_run_in_parallel_and_their_answers_stay_in_order(
    transform, outputs, noted
) -> None:
    rows = list(range(12))
    content = "".join(f"{row}\n" for row in rows).encode()
    transform(
        {"a.csv": content},
        BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=4,
        Environment={"TOGETHER": "4"},
    )
    assert [float(line) for line in outputs()["a.csv.out"].split()] == [2.0 * row for row in rows]
    assert noted("most") == [4]


def test_what_the_server_offers_counts_where_the_request_says_nothing(transform, noted) -> None:
    offered = {"MaxConcurrentTransforms": 2, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 1}
    environment = {"PARAMETERS": json.dumps(offered)}
    together = {**environment, "TOGETHER": "2"}
    transform({"a.csv": b"1\n2\n3\n4\n"}, Environment=together, MaxConcurrentTransforms=0)
    assert len(noted("body")) == 4
    assert noted("most") == [2]
    transform({"a.csv": b"1\n2\n"}, Environment=environment, BatchStrategy="MultiRecord")
    assert noted("body")[4:] == ["1\n2\n"]


@pytest.mark.parametrize("said", ["nonsense", "[]", "{}"])
def test_a_server_that_offers_nothing_of_use_is_asked_by_default(transform, noted, said) -> None:
    transform({"a.csv": b"1\n2\n"}, Environment={"PARAMETERS": said})
    assert noted("body") == ["1\n2\n"]


def test_an_object_that_is_not_split_is_sent_whole(transform, outputs, noted) -> None:
    transform({"a.csv": b"1\n2\n"}, source={"SplitType": "None"}, output={"AssembleWith": "None"})
    assert noted("body") == ["1\n2\n"]
    assert outputs() == {"a.csv.out": b"2.0\n4.0\n"}


@pytest.mark.parametrize(
    ("assemble", "end", "expected"),
    [
        ("None", "", b"2.04.0"),
        ("None", "\n", b"2.0\n4.0\n"),
        ("Line", "", b"2.0\n4.0\n"),
        ("Line", "\n", b"2.0\n4.0\n"),
    ],
)
def test_answers_are_put_together_as_asked(transform, outputs, assemble, end, expected) -> None:
    transform(
        {"a.csv": b"1\n2\n"},
        output={"AssembleWith": assemble},
        BatchStrategy="SingleRecord",
        Environment={"END": end},
    )
    assert outputs() == {"a.csv.out": expected}


def test_compressed_objects_are_decompressed(transform, outputs, noted) -> None:
    transform({"a.csv.gz": gzip.compress(b"1\n2\n")}, source={"CompressionType": "Gzip"})
    assert noted("body") == ["1\n2\n"]
    assert outputs() == {"a.csv.gz.out": b"2.0\n4.0\n"}


def test_an_empty_object_gives_an_empty_one(transform, outputs, noted) -> None:
    assert transform({"a.csv": b""})["ExitCode"] == 0
    assert outputs() == {"a.csv.out": b""}
    assert noted("body") == []


def test_a_single_object_and_a_manifest_are_inputs_too(transform, outputs, ready) -> None:
    ready.storage.put_bytes("s3://bucket/other/c.csv", b"3")
    listed = json.dumps([{"prefix": "s3://bucket/"}, "other/c.csv", "in/a.csv"]).encode()
    ready.storage.put_bytes("s3://bucket/list.json", listed)
    manifest = {"S3DataType": "ManifestFile", "S3Uri": "s3://bucket/list.json"}
    transform({"a.csv": b"1"}, source={"DataSource": {"S3DataSource": manifest}})
    assert outputs() == {"in/a.csv.out": b"2.0\n", "other/c.csv.out": b"6.0\n"}
    single = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/other/c.csv"}
    transform({}, source={"DataSource": {"S3DataSource": single}})
    assert outputs()["c.csv.out"] == b"6.0\n"


def test_filters_and_join_of_csv(transform, outputs, noted) -> None:
    transform(
        {"a.csv": b"id1,5,1\nid2,6,2\n"},
        processing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )
    assert noted("body") == ["5,1\n6,2\n"]
    assert outputs() == {"a.csv.out": b"id1,2.0\nid2,4.0\n"}


def test_filters_and_join_of_json_lines(transform, outputs) -> None:
    lines = {"ContentType": "application/jsonlines"}
    transform(
        {"a.jsonl": b'{"id": "a", "x": [1, 2]}\n{"id": "b", "x": [3]}\n'},
        source=lines,
        output={"Accept": "application/jsonlines"},
        processing={
            "InputFilter": "$.x",
            "JoinSource": "Input",
            "OutputFilter": "$['SageMakerOutput','id']",
        },
    )
    assert [json.loads(line) for line in outputs()["a.jsonl.out"].splitlines()] == [
        {"SageMakerOutput": {"label": 6.0}, "id": "a"},
        {"SageMakerOutput": {"label": 6.0}, "id": "b"},
    ]


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


@pytest.mark.slow
@pytest.mark.parametrize(("status", "limit"), [(404, 60), (500, 60), (503, 2), (502, 2)])
def test_a_server_that_never_is_ready_fails_the_job_and_says_why(
    transform, monkeypatch: pytest.MonkeyPatch, status: int, limit: int
) -> None:
    monkeypatch.setattr(server, "STARTUP_SECONDS", limit)
    started = time.monotonic()
    response = transform({"a.csv": b"1"}, Environment={"PING": str(status)})
    assert response["FailureReason"] == (
        f"the server is not ready: it answers pings with {status}: no model"
    )
    assert time.monotonic() - started < 30, "it need not wait when it is told that there is nothing"


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
    deadline = time.monotonic() + 20
    while not notes.is_file() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    ready.launcher.stop()
    thread.join(timeout=20)
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


def steps() -> list[dict[str, Any]]:
    container = {"Image": "image", "ModelDataUrl": ARTEFACT}
    create = {"Name": "Create", "Type": "Model", "Arguments": {"PrimaryContainer": container}}
    arguments = {**request(), "ModelName": {"Get": "Steps.Create.ModelName"}}
    return [create, {"Name": "Predict", "Type": "Transform", "Arguments": arguments}]


@pytest.fixture
def whole(home: Path, command: ServeCommand, tmp_path: Path) -> LocalSageMaker:
    sagemaker = LocalSageMaker(home, slots=2, serve=command)
    put_model(sagemaker.storage, tmp_path)
    sagemaker.storage.put_bytes("s3://bucket/in/a.csv", b"1\n2\n")
    return sagemaker


def test_a_pipeline_makes_a_model_transforms_with_it_and_reads_the_output(whole, build) -> None:
    read = build.processing(
        "Read",
        "import os, pathlib\n"
        "base = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])\n"
        "text = (base / 'processing/input/data/a.csv.out').read_text()\n"
        "assert text == '2.0\\n4.0\\n', text\n",
        inputs={"data": "x"},
    )
    place = read["Arguments"]["ProcessingInputs"][0]["S3Input"]
    place["S3Uri"] = {"Get": "Steps.Predict.TransformOutput.S3OutputPath"}
    record = whole.start(build.definition(read, *steps()), pipeline_name="demo")
    assert (record.status, record.failure_reason) == ("Succeeded", None)


def test_a_step_that_asks_for_the_same_of_the_same_model_takes_the_earlier_result(
    whole, build, noted
) -> None:
    create, predict = steps()
    whole.start(build.definition(create), pipeline_name="first")
    name = next(iter(whole.executions()[0].steps.values())).response["ModelName"]
    predict["Arguments"]["ModelName"] = name
    predict["CacheConfig"] = {"Enabled": True, "ExpireAfter": "30d"}
    definitions = [build.definition(predict)]
    predict["Arguments"]["TransformOutput"]["S3OutputPath"] = "s3://bucket/elsewhere"
    predict["Arguments"]["MaxPayloadInMB"] = 1
    definitions.append(build.definition(predict))
    predict["Arguments"]["Environment"] = {"A": "b"}
    definitions.append(build.definition(predict))
    records = [whole.start(content, pipeline_name="demo") for content in definitions]
    statuses = [record.steps["Predict"].shown_status for record in records]
    assert statuses == ["Succeeded", "Succeeded (cached)", "Succeeded"]
    assert len(noted("variables")) == 2


def test_a_retry_policy_runs_a_job_whose_server_was_killed_again(whole, build, noted) -> None:
    create, predict = steps()
    predict["Arguments"]["Environment"] = {"DIE": "9"}
    predict["RetryPolicies"] = [{"ExceptionType": ["Step.SERVICE_FAULT"], "MaxAttempts": 2}]
    record = whole.start(build.definition(create, predict), pipeline_name="demo")
    assert record.steps["Predict"].exit_code == -9
    assert len(noted("variables")) == 3
