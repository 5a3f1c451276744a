"""A Transform step of sagelocal with the project's own server and a damaged artefact."""

from __future__ import annotations

import json
import time

import pytest
from running import lay_out

from sagelocal import LocalSageMaker, ServeCommand
from sagelocal.storage.archives import pack

pytestmark = pytest.mark.slow
MODEL, DATA = "s3://bucket/model/model.tar.gz", "s3://bucket/in/rows.csv"


@pytest.fixture
def predict(tmp_path):
    """Run a created model over two rows, by a definition as the service takes it."""
    root = lay_out(tmp_path / "project")
    variables = {
        "PYTHONPATH": str(root),
        "MODEL_SERVER_HOST": "127.0.0.1",
        "MODEL_SERVER_WORKERS": "1",
    }
    serve = ServeCommand(("python", "-m", "sagetabular.serving"), variables)
    sagemaker = LocalSageMaker(tmp_path / "home", serve=serve)

    def run(damage=lambda folder: None):
        damage(root / "ml/model")
        pack(root / "ml/model", tmp_path / "model.tar.gz")
        sagemaker.storage.put_bytes(MODEL, (tmp_path / "model.tar.gz").read_bytes())
        sagemaker.storage.put_bytes(DATA, b"1,2\n3,4\n")
        return sagemaker.start(definition(), pipeline_name="predictions").steps["Predict"]

    return run


def definition() -> bytes:
    container = {"Image": "image", "ModelDataUrl": MODEL}
    request = {
        "ModelName": {"Get": "Steps.Make.ModelName"},
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": DATA}},
            "ContentType": "text/csv",
        },
        "TransformOutput": {"S3OutputPath": "s3://bucket/out"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    steps = [
        {"Name": "Make", "Type": "Model", "Arguments": {"PrimaryContainer": container}},
        {"Name": "Predict", "Type": "Transform", "Arguments": request},
    ]
    return json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": steps}).encode()


def test_a_sound_artefact_is_served(predict) -> None:
    assert predict().status == "Succeeded"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "seconds").unlink(), "models/adding cannot load its files"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json of the model"),
    ],
)
def test_a_damaged_artefact_fails_the_step_at_once_in_the_servers_words(
    predict, damage, words
) -> None:
    started = time.monotonic()
    step = predict(damage)
    assert step.status == "Failed"
    assert step.failure_reason.startswith("the server is not ready: it answers pings with 500: ")
    assert words in step.failure_reason
    assert time.monotonic() - started < 30, "it waited for what cannot come"
