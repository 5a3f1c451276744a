"""The release's smoke test asks the real server, behind InvokeEndpoint as SageMaker has it.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

from __future__ import annotations

import http.client
import io
import json
import shutil
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest
from botocore.client import BaseClient
from calling import NUMBERS, make_table
from projects import TEMPLATE
from running import Server

from sagetabular.jobs.rows.baseline import write_baseline
from sagetabular.lambdas.smoke_test import SmokeTestError, handler
from sagetabular.serving.model import load_model

pytestmark = pytest.mark.slow
TOWN = [*NUMBERS[:2], "town", "age"]
COLUMNS = {"xgboost_and_town": TOWN, "two_and_town": TOWN, "odd": NUMBERS}
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/housing-dev/3"


class Front(BaseHTTPRequestHandler):
    """InvokeEndpoint: hands a request on, and tells a model's refusal as SageMaker does."""

    port: int

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        names = ("Content-Type", "Accept", "X-Amzn-SageMaker-Custom-Attributes")
        sent = {name: self.headers[name] for name in names if name in self.headers}
        behind = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        behind.request("POST", "/invocations", body, sent)
        reply = behind.getresponse()
        status, content = reply.status, reply.read()
        if status != 200:
            told = {"OriginalStatusCode": status, "OriginalMessage": content.decode()}
            content, status = json.dumps(told | {"Message": "Received an error"}).encode(), 424
            self.send_response(status)
            self.send_header("x-amzn-ErrorType", "ModelError")
        else:
            self.send_response(status)
        self.send_header("Content-Type", reply.getheader("Content-Type"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint(model_folders, class_folders, tmp_path, monkeypatch):
    """Serves a model behind an endpoint; gives what runs the smoke test with another manifest."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    @contextmanager
    def serve(name):
        folder = (model_folders | class_folders)[name]
        shutil.copytree(folder, tmp_path / "ml/model")
        code = folder.parent if name in class_folders else TEMPLATE
        write_baseline(make_table()[0][COLUMNS[name]], tmp_path / "baseline")
        manifest = json.loads((folder / "manifest.json").read_text())
        statistics = json.loads((tmp_path / "baseline/statistics.json").read_text())

        def ask(**changes):
            with monkeypatch.context() as patch:
                _answer_for_the_registry(patch, manifest | changes, statistics)
                wanted = {"EndpointName": "sagemaker-housing-dev", "ModelPackageArn": PACKAGE}
                return handler(wanted, None)

        with Server(tmp_path, PYTHONPATH=code) as server:
            server.wait()
            kind = type("Own", (Front,), {"port": server.port})
            front = ThreadingHTTPServer(("127.0.0.1", 0), kind)
            threading.Thread(target=front.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{front.server_port}"
            monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", address)
            yield ask
            front.shutdown()
            front.server_close()

    return serve


def _answer_for_the_registry(monkeypatch, manifest, statistics) -> None:
    """Answer all calls but InvokeEndpoint."""
    quality = {"ModelQuality": "s3://b/evaluate/evaluation.json"}
    quality["ModelDataQuality"] = "s3://b/baseline/statistics.json"
    metrics = {kind: {"Statistics": {"S3Uri": uri}} for kind, uri in quality.items()}
    files = {"evaluate/manifest.json": manifest, "baseline/statistics.json": statistics}
    answers = {
        "DescribeEndpoint": {"EndpointStatus": "InService", "EndpointConfigName": "c"},
        "DescribeEndpointConfig": {"ProductionVariants": [{"ModelName": "m"}]},
        "DescribeModel": {"PrimaryContainer": {"ModelPackageName": PACKAGE}},
        "DescribeModelPackage": {"ModelPackageArn": PACKAGE, "ModelMetrics": metrics},
    }
    real = BaseClient._make_api_call

    def answered(client, operation, request):
        if operation == "InvokeEndpoint":
            return real(client, operation, request)
        if operation == "GetObject":
            return {"Body": io.BytesIO(json.dumps(files[request["Key"]]).encode())}
        return answers[operation]

    monkeypatch.setattr(BaseClient, "_make_api_call", answered)


def typical(folder) -> float:
    """What a model itself says of its typical row: a number, or the largest probability."""
    served = load_model(folder)
    row = pd.DataFrame([served.manifest.typical])[served.manifest.features]
    return float(served.code.predict(served.model, row)[0].max())


def test_a_model_of_numbers_passes_and_one_of_other_columns_fails(endpoint, model_folders) -> None:
    with endpoint("xgboost_and_town") as ask:
        found = ask()
        with pytest.raises(SmokeTestError) as failure:
            ask(features=["halls", *TOWN[1:]], typical=dict.fromkeys(["halls", *TOWN[1:]]))
    predictions = [float(text) for text in found["Predictions"].split()]
    assert found["passed"] and found["rows"] == len(predictions) == 4
    expected = pytest.approx(typical(model_folders["xgboost_and_town"]), rel=1e-9)
    assert predictions[0] == predictions[3] == expected
    # A model that looks at its rows says different things of the smallest and the largest.
    assert len({*predictions}) == 3
    assert "must answer 200, got 400: " in str(failure.value)
    assert "rooms" in str(failure.value)


@pytest.mark.parametrize("name", ["two_and_town", "odd"])
def test_a_model_of_classes_passes_and_one_of_others_fails(endpoint, class_folders, name) -> None:
    with endpoint(name) as ask:
        found = ask()
        with pytest.raises(SmokeTestError, match="labels of good, bad"):
            ask(classes=["good", "bad"])
    predictions = [float(text) for text in found["Predictions"].split()]
    assert predictions[0] == pytest.approx(typical(class_folders[name]), rel=1e-9)
    assert found["rows"] == len(predictions) == 4
