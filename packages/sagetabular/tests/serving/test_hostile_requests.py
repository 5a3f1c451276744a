"""Whatever is sent, the answer says what to fix, and the server goes on."""

from __future__ import annotations

import csv
import io
import json

import pandas as pd
import pytest
from class_models import expected_labels
from hostile import ALLOWED, ATTRIBUTES, REQUESTS, exchange
from hypothesis import given, settings
from running import Server, lay_out

from sagetabular.serving.formats.bodies import read_body


@pytest.mark.parametrize("name", ["decision_tree", "decision_tree_and_town"])
def test_any_request_is_answered_by_the_application(clients, new_client, name) -> None:
    client = new_client(clients[name].app.model, payload_limit=1000)

    @settings(deadline=None, max_examples=250)
    @given(REQUESTS)
    def check(request) -> None:
        body, content_type, accept = request
        reply = client.post(body, content_type, accept=accept)
        assert reply.status in ALLOWED
        assert "Traceback" not in reply.body.decode(errors="replace")

    check()
    assert client.post("").status == 400


@pytest.mark.parametrize("name", ["odd", "decision_tree_two_and_town"])
def test_any_request_to_classes_is_answered_with_the_models_own_labels(
    class_clients, new_client, name
) -> None:
    model = class_clients[name].app.model
    client = new_client(model, payload_limit=1000)

    @settings(deadline=None, max_examples=250)
    @given(REQUESTS, ATTRIBUTES)
    def check(request, attributes) -> None:
        body, content_type, accept = request
        asked = {"X_Amzn_SageMaker_Custom_Attributes": attributes} if attributes else {}
        reply = client.post(body, content_type, accept=accept, **asked)
        assert reply.status in ALLOWED
        assert "Traceback" not in reply.body.decode(errors="replace")
        if reply.status == 200 and not attributes:
            rows = read_body(body, content_type, model.columns, 1000)
            table = pd.DataFrame(rows, columns=[*model.columns.names])
            assert labels_of(reply) == expected_labels(model, table)

    check()
    assert client.post("").status == 400


def labels_of(reply) -> list[str]:
    """The labels of an answer, by Python's own readers."""
    if reply.headers["content-type"] == "application/json":
        return json.loads(reply.body)["predictions"]
    return [label for (label,) in csv.reader(io.StringIO(reply.text, newline=""))]


@pytest.mark.slow
def test_any_request_is_answered_over_a_socket(tmp_path) -> None:
    with Server(lay_out(tmp_path)) as server:
        server.wait()
        before = server.workers
        connection = server.connect()

        @settings(deadline=None, max_examples=150)
        @given(REQUESTS)
        def check(request) -> None:
            assert exchange(connection, request) in {*ALLOWED, None}

        check()
        connection.close()
        assert server.post("1,2\n") == (200, "3.0\n")
        assert server.workers == before
        assert "Traceback" not in server.errors
