"""MLflow on SageMaker: an ARN leads to a store whose requests are signed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sagetabular.tracking.mlflow_client import check_arn, connect
from sagetabular.tracking.mlflow_tracker import MlflowTracker
from sagetabular.tracking.runs import ExecutionRun, TrackingError

pytestmark = pytest.mark.slow

PLACE = "arn:aws:sagemaker:eu-west-1:123456789012"
APP, SERVER = f"{PLACE}:mlflow-app/app-ABC", f"{PLACE}:mlflow-tracking-server/houses"


@pytest.fixture
def requests(monkeypatch):
    """What arrives at a server that refuses everything: path and headers."""
    arrived = []

    class Refusing(BaseHTTPRequestHandler):
        def answer(self):
            arrived.append((self.path, dict(self.headers)))
            body = json.dumps({"error_code": "PERMISSION_DENIED", "message": "No."}).encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    yield arrived
    server.shutdown()
    server.server_close()


@pytest.fixture
def execution(tmp_path):
    return ExecutionRun("e1", "test-project", {}, {}, {}, tmp_path)


@pytest.mark.parametrize(("arn", "service"), [(APP, "sagemaker"), (SERVER, "sagemaker-mlflow")])
def test_every_request_is_signed_for_the_service_that_the_arn_names(
    arn, service, requests, execution, monkeypatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", arn)
    with pytest.raises(TrackingError) as caught:
        MlflowTracker(arn).log(execution)
    assert caught.value.message.startswith(f"MLflow at {arn} cannot be used: ")
    assert "\n" not in caught.value.message
    assert requests
    for path, headers in requests:
        assert path.startswith("/api/2.0/mlflow/"), path
        scheme, credential, *_ = headers["Authorization"].split()
        assert scheme == "AWS4-HMAC-SHA256"
        assert credential.startswith("Credential=testing/")
        assert credential.endswith(f"/eu-west-1/{service}/aws4_request,")


def test_an_arn_gives_a_store_of_sagemaker_without_any_network():
    store = connect(APP)._tracking_client.store
    assert type(store).__module__.startswith("sagemaker_mlflow.")
    host = "https://mlflow.sagemaker.eu-west-1.app.aws"
    assert store.get_host_creds().host == host


def test_without_credentials_the_store_cannot_be_used(requests, execution, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", APP)
    with pytest.raises(TrackingError, match="redentials"):
        MlflowTracker(APP).log(execution)
    assert requests == []


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:s3:::bucket",
        f"{PLACE}:pipeline/houses",
        f"{PLACE}:mlflow-app/",
        "arn:aws-cn:sagemaker:cn-north-1:123456789012:mlflow-app/app-ABC",
        f"{APP}\n",
    ],
)
def test_an_arn_of_something_else_is_named_with_a_remedy(arn):
    with pytest.raises(TrackingError) as caught:
        MlflowTracker(arn)
    assert caught.value.message == (
        f"MLFLOW_TRACKING_URI: the ARN must be of an MLflow app or tracking server, got {arn}."
    )


def test_other_addresses_need_no_plugin():
    code = (
        "import sys\nsys.modules['sagemaker_mlflow'] = None\n"
        "from sagetabular.tracking.mlflow_client import check_arn\n"
        "check_arn('https://mlflow.example.org')\n"
        "try:\n    check_arn(sys.argv[1])\n"
        "except ModuleNotFoundError as err:\n    print(err.name)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, APP]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.stdout == "sagemaker_mlflow\n", ended.stderr
    check_arn(SERVER)
