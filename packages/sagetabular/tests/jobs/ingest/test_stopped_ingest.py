"""Ingest as a process that is told to stop, against Athena and S3 on this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ingesting import ARGUMENTS

from sagetabular.jobs.ingestion.query import NAME_FILE

LEFT = "run-1/ingest-unload/q1_0.parquet"
SECONDS = 60.0
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send"),
]


class Services(ThreadingHTTPServer):
    """Athena with one query that never ends by itself, and S3 with what it has written.

    Attributes:
        asked: The operations, in the order in which they came.
        reached: Set when `wait_at` is asked for, which is answered once `go` is set.
    """

    daemon_threads = True

    def __init__(self, wait_at, *, refuses_to_stop=False):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.left, self.state = [], [], "RUNNING"
        self.wait_at, self.refuses_to_stop = wait_at, refuses_to_stop
        self.reached, self.go = threading.Event(), threading.Event()

    def note(self, operation):
        self.asked.append(operation)
        if operation == self.wait_at and not self.reached.is_set():
            self.reached.set()
            assert self.go.wait(SECONDS)


class Handler(BaseHTTPRequestHandler):
    """Athena's JSON and S3's XML."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        operation = self.headers.get("X-Amz-Target", "S3.DeleteObjects").rpartition(".")[2]
        self.server.note(operation)
        if operation == "DeleteObjects":
            self.server.left.remove(re.search(r"<Key>(.*?)</Key>", body)[1])
            self.reply("<DeleteResult/>")
        elif operation == "StopQueryExecution" and self.server.refuses_to_stop:
            self.reply(json.dumps({"__type": "AccessDeniedException", "Message": "no"}), 400)
        else:
            self.reply(json.dumps(getattr(self, operation.lower())()))

    def do_GET(self):
        self.server.note("ListObjectsV2")
        content = "".join(
            f"<Contents><Key>{key}</Key><Size>1</Size>"
            "<LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
            for key in self.server.left
        )
        self.reply(
            f"<ListBucketResult><IsTruncated>false</IsTruncated>{content}</ListBucketResult>"
        )

    def getworkgroup(self):
        return {
            "WorkGroup": {"Name": "w", "Configuration": {"EnforceWorkGroupConfiguration": False}}
        }

    def startqueryexecution(self):
        self.server.left.append(LEFT)
        return {"QueryExecutionId": "q1"}

    def stopqueryexecution(self):
        self.server.state = "CANCELLED"
        return {}

    def getqueryexecution(self):
        status = {"State": self.server.state, "StateChangeReason": "Query cancelled by user"}
        return {"QueryExecution": {"QueryExecutionId": "q1", "Status": status}}

    def reply(self, content, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content.encode())))
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """Start the services; they end with the test."""
    running = []

    def start(*arguments, **options):
        running.append(Services(*arguments, **options))
        threading.Thread(target=running[-1].serve_forever, daemon=True).start()
        return running[-1]

    yield start
    for services in running:
        services.go.set()
        services.shutdown()
        services.server_close()


@pytest.fixture
def start_job(tmp_path):
    """Start the job as SageMaker would, and see to it that it ends."""
    query = tmp_path / "processing/input/query"
    for folder in (query, tmp_path / "config"):
        folder.mkdir(parents=True)
    (query / "ingest.sql").write_text("SELECT * FROM ${table}")
    (query / NAME_FILE).write_text("queries/ours.sql")
    output = {"OutputName": "data", "S3Output": {"S3Uri": "s3://bucket/run-1/ingest"}}
    request = {"ProcessingOutputConfig": {"Outputs": [output]}}
    (tmp_path / "config/processingjobconfig.json").write_text(json.dumps(request))
    jobs = []

    def start(services):
        variables = {
            "PATH": os.environ["PATH"],
            "SAGEMAKER_BASE_DIR": str(tmp_path),
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{services.server_port}",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        command = [sys.executable, "-m", "sagetabular.jobs.ingest", *ARGUMENTS]
        jobs.append(subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True))
        return jobs[-1]

    yield start
    for job in jobs:
        job.kill()
        job.communicate()


def stopped(services, job, number):
    """Send a signal while the services wait, then let them answer; returns the job's last words."""
    assert services.reached.wait(SECONDS)
    job.send_signal(number)
    services.go.set()
    _, said = job.communicate(timeout=SECONDS)
    return said.splitlines()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("wait_at", ["GetQueryExecution", "StartQueryExecution"])
def test_a_signal_cancels_the_query_and_then_removes_what_it_has_written(
    serve, start_job, tmp_path, number, wait_at
):
    services = serve(wait_at)
    job = start_job(services)
    said = stopped(services, job, number)
    reason = f"The job was stopped by {number.name}."
    assert said == ["Query q1 in Athena is cancelled.", reason]
    assert job.returncode == 128 + number
    assert (tmp_path / "output/failure").read_text() == reason
    assert not (tmp_path / "processing/output").exists()
    assert services.left == []
    ending = services.asked[services.asked.index("StopQueryExecution") :]
    assert ending == ["StopQueryExecution", "GetQueryExecution", "ListObjectsV2", "DeleteObjects"]


def test_a_query_that_may_not_be_cancelled_is_named_and_its_objects_are_removed(serve, start_job):
    services = serve("GetQueryExecution", refuses_to_stop=True)
    said = stopped(services, start_job(services), signal.SIGTERM)
    assert said[0].startswith("Query q1 in Athena may still run: ")
    assert "AccessDenied" in said[0]
    assert said[1:] == ["The job was stopped by SIGTERM."]
    assert services.left == []


def test_before_there_is_a_query_none_is_cancelled(serve, start_job):
    services = serve("GetWorkGroup")
    said = stopped(services, start_job(services), signal.SIGTERM)
    assert said == ["The job was stopped by SIGTERM."]
    assert {"StartQueryExecution", "StopQueryExecution"}.isdisjoint(services.asked)
