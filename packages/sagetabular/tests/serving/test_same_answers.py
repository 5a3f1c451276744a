"""What serves in an image of AWS answers as the project's own server does, request by request."""

from __future__ import annotations

import json

import pytest

from sagetabular.serving.aws_image import model_fn, respond

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
