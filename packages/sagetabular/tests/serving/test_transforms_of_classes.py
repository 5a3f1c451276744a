"""A Transform step of sagelocal with a model of classes: joins, filters and the outputs asked for.

Batch transform sends no headers of its own, so the outputs are those of the container's variable.
"""

from __future__ import annotations

import csv
import json

import pytest
from calling import NUMBERS
from class_models import ODD, expected_labels, lay_out_code, make_target

from sagelocal import LocalSageMaker, ServeCommand
from sagelocal.storage.archives import pack

pytestmark = pytest.mark.slow
VARIABLE = "SAGEMAKER_INFERENCE_OUTPUT"
CSV, JSON = "text/csv", "application/json"
MODEL, DATA = "s3://bucket/model/model.tar.gz", "s3://bucket/in/rows"
ROWS = make_target(ODD)[0][NUMBERS].head(40)


@pytest.fixture
def transform(tmp_path, class_folders):
    """Transforms a body with the model of odd labels, by a definition as the service takes it."""
    lay_out_code(tmp_path / "project")
    pack(class_folders["odd"], tmp_path / "model.tar.gz")
    variables = {
        "PYTHONPATH": str(tmp_path / "project"),
        "MODEL_SERVER_HOST": "127.0.0.1",
        "MODEL_SERVER_WORKERS": "1",
    }
    serve = ServeCommand(("python", "-m", "sagetabular.serving"), variables)
    sagemaker = LocalSageMaker(tmp_path / "home", serve=serve)
    sagemaker.storage.put_bytes(MODEL, (tmp_path / "model.tar.gz").read_bytes())

    def run(body, content_type, model=None, job=None, **processing):
        sagemaker.storage.put_bytes(DATA, body.encode())
        text = definition(content_type, model or {}, job or {}, processing)
        step = sagemaker.start(text, pipeline_name="predictions").steps["Predict"]
        written = sagemaker.storage.path("s3://bucket/out/rows.out")
        return step, written.read_text(encoding="utf-8") if written.exists() else ""

    return run


def definition(content_type, model, job, processing) -> bytes:
    container = {"Image": "image", "ModelDataUrl": MODEL, "Environment": model}
    lines = content_type == CSV
    request = {
        "ModelName": {"Get": "Steps.Make.ModelName"},
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": DATA}},
            "ContentType": content_type,
            **({"SplitType": "Line"} if lines else {}),
        },
        "TransformOutput": {
            "S3OutputPath": "s3://bucket/out",
            "Accept": content_type,
            **({"AssembleWith": "Line"} if lines else {}),
        },
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        "Environment": job,
        "DataProcessing": processing,
    }
    steps = [
        {"Name": "Make", "Type": "Model", "Arguments": {"PrimaryContainer": container}},
        {"Name": "Predict", "Type": "Transform", "Arguments": request},
    ]
    return json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": steps}).encode()


def test_labels_and_probabilities_are_joined_to_their_rows_in_csv(transform, class_clients):
    model = class_clients["odd"].app.model
    labels = expected_labels(model, ROWS)
    numbers = model.code.predict(model.model, ROWS).max(axis=1)
    kept = [place for place, label in enumerate(labels) if "\n" not in label]
    assert {labels[place] for place in kept} > {"a,b", 'say "so"', "größer", "1"}
    body = ROWS.iloc[kept].reset_index().to_csv(index=False, header=False)
    step, written = transform(
        body,
        CSV,
        {VARIABLE: "predicted_label,probability"},
        JoinSource="Input",
        InputFilter="$[1:]",
        OutputFilter="$[0,-2,-1]",
    )
    assert step.status == "Succeeded", step.failure_reason
    assert [*csv.reader(written.splitlines())] == [
        [str(ROWS.index[place]), labels[place], repr(float(numbers[place]))] for place in kept
    ]


def test_the_jobs_variable_counts_more_than_the_models(transform, class_clients):
    model = class_clients["odd"].app.model
    body = json.dumps(ROWS.astype(object).where(ROWS.notna(), None).to_numpy().tolist())
    step, written = transform(
        json.dumps({"instances": json.loads(body)}),
        JSON,
        {VARIABLE: "labels"},
        {VARIABLE: "predicted_label"},
        JoinSource="Input",
        OutputFilter="$.SageMakerOutput.predictions",
    )
    assert step.status == "Succeeded", step.failure_reason
    assert json.loads(written) == expected_labels(model, ROWS)


def test_outputs_that_there_are_not_fail_the_step_in_words(transform):
    step, written = transform("1,2,3\n", CSV, {VARIABLE: "score"})
    assert (step.status, written) == ("Failed", "")
    assert f"{VARIABLE} must be predicted_label, probability, probabilities or labels" in str(
        step.failure_reason
    )
