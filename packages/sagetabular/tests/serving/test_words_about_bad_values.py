"""Words about what a client or a file got wrong do not fail themselves."""

from __future__ import annotations

import json

import pytest

from sagetabular.jobs.errors import JobError, shown
from sagetabular.jobs.models.hyperparameters import decode
from sagetabular.jobs.models.overrides import with_overrides
from sagetabular.serving.errors import ServerError
from sagetabular.serving.formats.answers import Answer
from sagetabular.serving.http.access_log import AccessLog
from sagetabular.serving.settings import read_settings

JSON = "application/json"


@pytest.mark.parametrize("name", ["decision_tree", "decision_tree_and_town"])
@pytest.mark.parametrize("bracket", ["[]", "{}"])
def test_json_of_any_depth_is_a_bad_request(clients, name, bracket) -> None:
    client, fields = clients[name], 4 if name.endswith("town") else 3
    for depth in [1, 10, *range(960, 1040), 5000, 100_000]:
        opening, closing = ("[", "]") if bracket == "[]" else ('{"a":', "}")
        deep = opening * depth + "1" + closing * depth
        others = ",".join("1" * (fields - 1))
        for body in (f"[[{deep},{others}]]", f"[{deep}]", deep, f'[{{"rooms":{deep}}}]'):
            reply = client.post(body, JSON)
            assert reply.status == 400, (depth, body[:20])
            assert len(reply.text.splitlines()) == 2


def test_a_model_that_refuses_without_a_word_is_answered(clients, new_client, monkeypatch) -> None:
    client = clients["decision_tree"]

    def refuse(_rows):
        raise ValueError

    model = client.app.model
    monkeypatch.setitem(model.__dict__, "scorer", refuse)
    reply = client.post("1,2,3\n")
    assert (reply.status, reply.text.splitlines()[0]) == (
        400,
        "The model refuses these values: no reason given",
    )


def test_a_variable_of_thousands_of_digits_is_named() -> None:
    with pytest.raises(ServerError) as caught:
        read_settings({"SAGEMAKER_BIND_TO_PORT": "9" * 5000})
    rule, remedy = str(caught.value).splitlines()
    assert rule.startswith("SAGEMAKER_BIND_TO_PORT must be a whole number from 0 to 65535, got ")
    assert len(rule) < 200
    assert remedy


def test_a_log_takes_names_that_are_no_text(capfd) -> None:
    AccessLog().event("models/\udcff cannot be loaded")
    assert json.loads(capfd.readouterr().out)["event"] == "models/? cannot be loaded"
    log = AccessLog()
    log.request("GET", "/\ufffd", 0, Answer(404, b""), 1.0)
    log.flush()
    assert json.loads(capfd.readouterr().out)["path"] == "/\ufffd"


@pytest.mark.parametrize("value", ["[" * 2000, "9" * 5000, "[" * 990 + "]" * 990])
def test_a_hyperparameter_that_python_cannot_read_or_show_is_refused(tmp_path, value) -> None:
    decode(value)
    (tmp_path / "values.json").write_text(json.dumps({"depth": value}))
    with pytest.raises(JobError) as caught:
        with_overrides({"depth": 3}, ["depth"], tmp_path, "tree")
    assert len(caught.value.message) < 250
    (tmp_path / "values.json").write_text(value)
    with pytest.raises(JobError):
        with_overrides({"depth": 3}, ["depth"], tmp_path, "tree")


def test_values_are_shown_in_a_line() -> None:
    deep: list = []
    for _ in range(2000):
        deep = [deep]
    assert shown(deep) == "a value of type list that is too long to show"
    assert shown(10**5000) == "a value of type int that is too long to show"
    assert shown("x" * 500) == "'" + "x" * 79 + "…"
    assert shown({"a": 1}) == "{'a': 1}"
