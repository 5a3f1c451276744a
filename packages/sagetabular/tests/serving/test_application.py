"""Routes, statuses and answers, without a connection."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

ROWS = "1,2,3\n-4.5,1e2,6\n"


def test_ping_answers_200_once_the_model_answers(client, new_client) -> None:
    assert client.request("GET", "/ping").status == 200
    loading = new_client(None, timeout=0.1)
    reply = loading.request("GET", "/ping")
    assert (reply.status, "being loaded" in reply.text) == (503, True)
    assert loading.post(ROWS).status == 503


def test_a_request_waits_while_the_model_is_being_loaded(clients, new_client) -> None:
    loading, model = new_client(None), clients["decision_tree"].app.model
    timer = threading.Timer(0.2, lambda: setattr(loading.app, "model", model))
    timer.start()
    assert loading.post(ROWS).text == clients["decision_tree"].post(ROWS).text
    timer.join()


def test_ping_answers_503_when_the_model_stops_answering(clients, new_client, monkeypatch) -> None:
    model = clients["decision_tree"].app.model
    monkeypatch.setattr(model.code, "predict", lambda model, features: np.full(len(features), 0.5))
    reply = new_client(model).request("GET", "/ping")
    assert reply.status == 503
    assert "scorer must return what predict returns" in reply.text


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("HEAD", "/ping", "GET"), ("POST", "/ping", "GET")]
    + [(method, "/invocations", "POST") for method in ("GET", "HEAD", "PUT", "DELETE")],
)
def test_other_methods_are_told_which_is_allowed(client, method, path, allow) -> None:
    reply = client.request(method, path)
    assert (reply.status, reply.headers["allow"]) == (405, allow)


@pytest.mark.parametrize("path", ["/", "/invocations/", "/../ping", "/models"])
def test_other_paths_are_not_found(client, path) -> None:
    assert client.request("GET", path).status == 404


@pytest.mark.parametrize(
    "content_type",
    [
        *("", "text/plain", "application/x-www-form-urlencoded", "csv", ";"),
        *(f"text/csv; charset={name}" for name in ("base64", "punycode", "\x00")),
    ],
)
def test_other_types_are_unsupported(client, content_type) -> None:
    reply = client.post(ROWS, content_type)
    assert reply.status == 415
    assert len(reply.text.splitlines()) == 2


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/csv; charset=utf-8"),
        ("*/*", "text/csv; charset=utf-8"),
        ("text/*", "text/csv; charset=utf-8"),
        ("application/json", "application/json"),
        ("Application/*;q=0.1, image/png", "application/json"),
        ("text/csv;q=0.5, application/json;q=0.6", "application/json"),
        ("application/json;q=0.5, */*", "text/csv; charset=utf-8"),
        ("text/csv;q=0, */*", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
    ],
)
def test_accept_decides_the_type_of_the_answer(client, accept, content_type) -> None:
    reply = client.post(ROWS, accept=accept)
    assert (reply.status, reply.headers["content-type"]) == (200, content_type)


@pytest.mark.parametrize("accept", ["image/png", "text/html", "*/*;q=0", "json", "*/*;q=x"])
def test_other_answers_are_not_acceptable(client, accept) -> None:
    assert client.post(ROWS, accept=accept).status == 406


def test_answers_in_csv_and_json_are_the_same_numbers(client) -> None:
    document = json.loads(client.post(ROWS, accept="application/json").body)
    assert list(document) == ["predictions"]
    np.testing.assert_array_equal(document["predictions"], client.post(ROWS).values)


def test_many_lines_give_one_value_a_line_with_a_final_newline(client) -> None:
    body = "".join(f"{number},2,3\n" for number in range(5000))
    text = client.post(body).text
    assert text.count("\n") == 5000
    assert text.endswith("\n")
    assert client.post(body.removesuffix("\n")).text == text


def test_values_that_the_model_refuses_are_the_clients_mistake(
    clients, new_client, monkeypatch
) -> None:
    model = clients["decision_tree_and_town"].app.model

    def refuse(_model, _features):
        raise ValueError("Input X contains NaN.\nmore\n  and more")

    monkeypatch.setattr(model.code, "predict", refuse)
    reply = new_client(model).post("1,2,a,3\n")
    assert reply.status == 400
    assert reply.text.startswith("The model refuses these values: Input X contains NaN.\n")
    monkeypatch.setattr(model.code, "predict", lambda _model, rows: np.array([1.0, np.inf]))
    reply = new_client(model).post("1,2,a,3\n1,2,a,3\n")
    assert (reply.status, reply.text.startswith("row 2: ")) == (400, True)


def test_a_bug_of_the_model_is_logged_and_not_shown(
    clients, new_client, monkeypatch, capsys
) -> None:
    model = clients["decision_tree_and_town"].app.model
    monkeypatch.setattr(model.code, "predict", lambda _model, rows: rows["secret"])
    reply = new_client(model).post("1,2,a,3\n")
    assert (reply.status, "secret" in reply.text) == (500, False)
    assert "KeyError: 'secret'" in capsys.readouterr().err
