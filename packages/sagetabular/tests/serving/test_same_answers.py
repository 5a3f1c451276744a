"""What serves in an image of AWS answers as the project's own server does, request by request."""

from __future__ import annotations

import json

import pytest

from sagetabular.serving.aws_image import model_fn, respond, transform_fn

CSV, JSON = "text/csv", "application/json"


@pytest.fixture(scope="module")
def model(model_folders):
    return model_fn(str(model_folders["decision_tree"]))


@pytest.mark.parametrize(
    ("body", "content_type", "accept", "status"),
    [
        ("1,2,3\n4,5,\n", CSV, CSV, 200),
        (b"1,2,3\n", CSV, JSON, 200),
        (json.dumps([{"rooms": 1, "área": 2, "age": None}]), JSON, JSON, 200),
        ("1,2\n", CSV, CSV, 400),
        ("1,2,three\n", CSV, JSON, 400),
        ("", CSV, CSV, 400),
        ("[", JSON, CSV, 400),
        ("1,2,3\n", "image/png", CSV, 415),
        ("1,2,3\n", CSV, "image/png", 406),
    ],
)
def test_each_request_gets_the_same_answer(model, client, body, content_type, accept, status):
    answer = respond(model, body, content_type, accept)
    reply = client.post(body, content_type, accept=accept)
    assert (answer.status, answer.body) == (reply.status, reply.body)
    assert answer.status == status
    assert answer.content_type == reply.headers["content-type"]


@pytest.mark.parametrize("accept", [CSV, JSON, "text/csv; header=present"])
@pytest.mark.parametrize("asked", ["", "output=predicted_label,probabilities", "output=x"])
def test_classes_get_the_same_answers_through_the_images_own_server(
    class_folders, class_clients, monkeypatch, accept, asked
):
    """The image's Flask has the header that it does not hand on to `transform_fn`."""
    import flask

    monkeypatch.setenv("SAGEMAKER_INFERENCE_OUTPUT", "predicted_label")
    model = model_fn(str(class_folders["odd"]))
    headers = {"X-Amzn-SageMaker-Custom-Attributes": asked} if asked else {}
    with flask.Flask("image").test_request_context(headers=headers):
        response = transform_fn(model, "1,2,3\n-4,5,\n", CSV, accept)
    names = {name.replace("-", "_"): value for name, value in headers.items()}
    reply = class_clients["odd"].post("1,2,3\n-4,5,\n", accept=accept, **names)
    assert (response.status_code, response.data) == (reply.status, reply.body)
    assert response.headers["Content-Type"] == reply.headers["content-type"]


def test_the_image_reads_its_default_from_the_environment(
    class_folders, class_clients, monkeypatch
):
    monkeypatch.setenv("SAGEMAKER_INFERENCE_OUTPUT", "probabilities")
    answer = respond(model_fn(str(class_folders["two"])), "1,2,3\n", CSV, CSV)
    asked = {"X_Amzn_SageMaker_Custom_Attributes": "output=probabilities"}
    assert answer.body == class_clients["two"].post("1,2,3\n", **asked).body
