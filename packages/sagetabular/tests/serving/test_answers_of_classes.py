"""Labels in the classes' own spelling, and what else a request may ask for.

The outputs are those of Autopilot's containers, by "Configure inference output in generated
containers" of SageMaker's developer guide; `probability` follows its HPO mode.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from calling import NUMBERS
from class_models import ODD, TWO, expected_labels, make_target
from hypothesis import given, settings
from hypothesis import strategies as st

from sagetabular.jobs.errors import JobError
from sagetabular.serving.errors import ServerError
from sagetabular.serving.formats.answers import CSV_WITH_HEADER
from sagetabular.serving.formats.classes import ClassAnswers
from sagetabular.serving.formats.outputs import DEFAULT
from sagetabular.serving.model import load_model
from sagetabular.serving.settings import read_settings

JSON = "application/json"
HEADER = "X_Amzn_SageMaker_Custom_Attributes"
ROWS = make_target(TWO)[0][NUMBERS]
BODY = ROWS.to_csv(index=False)


def ask(client, outputs="", body=BODY, **headers):
    """The reply to a request for some outputs."""
    asked = {HEADER: f"output={outputs}"} if outputs else {}
    return client.post(body, **asked, **headers)


def records(reply) -> list[list[str]]:
    """What Python's own reader of CSV finds in an answer."""
    assert reply.status == 200, reply
    return [*csv.reader(io.StringIO(reply.text, newline=""), strict=True)]


@pytest.fixture(params=["two", "odd", "decision_tree_odd", "xgboost_odd"])
def client(request, class_clients):
    """A client of a model of two classes, and of those with odd labels."""
    return class_clients[request.param]


@pytest.fixture
def probabilities(client) -> np.ndarray:
    """Those that the model itself gives for the rows."""
    model = client.app.model
    return model.code.predict(model.model, ROWS)


@pytest.fixture
def labels(client) -> list[str]:
    """The likeliest of them."""
    return expected_labels(client.app.model, ROWS)


def test_an_answer_is_the_label_of_each_row(client, labels) -> None:
    assert {*labels} == {*client.app.model.manifest.classes}, "every label is among them"
    assert records(ask(client)) == [[label] for label in labels]
    assert json.loads(ask(client, accept=JSON).body) == {"predictions": labels}
    assert ask(client, "predicted_label") == ask(client)


def test_labels_are_quoted_by_rfc_4180_and_only_where_they_must(class_clients) -> None:
    text = ask(class_clients["odd"]).text
    for written in ('"say ""so"""\n', '"a,b"\n', '"two\nlines"\n', "größer\n", "1\n", "null\n"):
        assert f"\n{written}" in text
    assert b'"1"' in ask(class_clients["odd"], accept=JSON).body, "a label stays text"


def test_several_outputs_are_an_object_a_row_in_json(client, labels, probabilities) -> None:
    asked = "predicted_label,probability,probabilities,labels"
    rows = json.loads(ask(client, asked, accept=JSON).body)["predictions"]
    assert [[*row] for row in rows] == [asked.split(",")] * len(ROWS)
    assert [row["predicted_label"] for row in rows] == labels
    assert np.array([row["probabilities"] for row in rows]).tobytes() == probabilities.tobytes()
    assert all(row["labels"] == client.app.model.manifest.classes for row in rows)
    ranked = probabilities[:, -1] if len(TWO) == probabilities.shape[1] else probabilities.max(1)
    assert [row["probability"] for row in rows] == ranked.tolist()


def test_outputs_are_columns_in_the_order_asked_in_csv(client, labels, probabilities) -> None:
    width = probabilities.shape[1]
    found = records(ask(client, "probabilities, predicted_label"))
    assert [row[-1] for row in found] == labels
    assert np.array([row[:width] for row in found], float).tobytes() == probabilities.tobytes()
    found = records(ask(client, "labels,predicted_label"))
    assert found == [[*client.app.model.manifest.classes, label] for label in labels]


@pytest.mark.parametrize("name", ["probability", "probabilities", "labels"])
def test_one_output_is_the_value_of_a_row(client, probabilities, name) -> None:
    rows = json.loads(ask(client, name, accept=JSON).body)["predictions"]
    whole = json.loads(ask(client, f"predicted_label,{name}", accept=JSON).body)["predictions"]
    assert rows == [row[name] for row in whole]


def test_a_header_names_the_columns_on_request(client) -> None:
    """The parameter of `text/csv` that RFC 4180, section 3, knows."""
    reply = ask(client, "predicted_label,probabilities", accept="text/csv; header=present")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    header, *rows = records(reply)
    assert header == [
        "predicted_label",
        *(f"probability_{name}" for name in client.app.model.manifest.classes),
    ]
    assert rows == records(ask(client, "predicted_label,probabilities"))


@pytest.mark.parametrize("accept", ["text/csv; header=absent", "text/csv", "*/*"])
def test_without_being_asked_for_there_is_no_header(client, accept) -> None:
    assert ask(client, accept=accept).body == ask(client).body


def test_numbers_have_a_header_too(clients) -> None:
    plain = clients["decision_tree"].post("1,2,3\n").text
    reply = clients["decision_tree"].post("1,2,3\n", accept="Text/CSV;q=1; Header=present")
    assert reply.text == f"predicted_label\n{plain}"


@pytest.mark.parametrize(
    ("attributes", "rows"),
    [
        ("trace=4;output=labels", [[*TWO]]),
        ("Output = labels ; trace=4", [[*TWO]]),
        ("c000b4f9-df62,output=labels", [[*TWO]]),
        ("output=labels;output", [[*TWO]]),
        ("trace=4", None),
        ("myoutput=labels", None),
    ],
)
def test_other_attributes_are_the_clients_own(class_clients, attributes, rows) -> None:
    client = class_clients["two"]
    found = records(client.post("1,2,3\n", **{HEADER: attributes}))
    assert found == (rows or records(client.post("1,2,3\n")))


@pytest.mark.parametrize(
    "outputs",
    ["score", "labels,score", "Labels", "labels,labels", " ", ",", "é" * 300],
)
def test_outputs_that_there_are_not_are_refused(client, outputs) -> None:
    reply = ask(client, outputs)
    assert reply.status == 400
    rule, remedy = reply.text.splitlines()
    known = "predicted_label, probability, probabilities or labels"
    assert rule.startswith(f"output of X-Amzn-SageMaker-Custom-Attributes must be {known}, got '")
    assert len(rule) < 250
    assert remedy


@pytest.mark.parametrize("outputs", ["probability", "predicted_label,probabilities", "labels"])
def test_a_model_of_numbers_has_one_output(clients, outputs) -> None:
    client = clients["decision_tree"]
    reply = ask(client, outputs, "1,2,3\n")
    assert (reply.status, len(reply.text.splitlines())) == (400, 2)
    assert f"the model predicts numbers, got '{outputs}'" in reply.text
    assert ask(client, "predicted_label", "1,2,3\n") == client.post("1,2,3\n")


def test_the_environment_sets_the_default(class_folders, new_client) -> None:
    """As for the models of Autopilot: batch transform sends no headers of its own."""
    outputs = read_settings({"SAGEMAKER_INFERENCE_OUTPUT": "predicted_label, probability"}).outputs
    client = new_client(load_model(class_folders["two"], outputs))
    plain = new_client(load_model(class_folders["two"]))
    assert ask(client) == ask(plain, "predicted_label,probability")
    assert ask(client, "labels") == ask(plain, "labels"), "a request counts more"
    assert read_settings({"SAGEMAKER_INFERENCE_OUTPUT": ""}).outputs == ("predicted_label",)


@pytest.mark.parametrize("text", ["score", "labels,labels", "predicted_label,", "['labels']"])
def test_an_environment_that_asks_for_what_there_is_not_is_named(text) -> None:
    with pytest.raises(ServerError) as info:
        read_settings({"SAGEMAKER_INFERENCE_OUTPUT": text})
    rule, _ = str(info.value).splitlines()
    assert rule.startswith("SAGEMAKER_INFERENCE_OUTPUT must be predicted_label, probability,")


def test_a_model_of_numbers_is_not_served_with_outputs_of_classes(model_folders) -> None:
    with pytest.raises(JobError, match="SAGEMAKER_INFERENCE_OUTPUT must be predicted_label, since"):
        load_model(model_folders["decision_tree"], ("predicted_label", "probability"))


def test_a_tie_is_the_first_of_the_classes(class_clients, new_client) -> None:
    model = class_clients["odd"].app.model
    row = np.array([[0.0, 0.25, 0.0, 0.25, 0.25, 0.25, 0.0, 0.0, 0.0, 0.0]])
    tied = replace(model, scorer=lambda _matrix: row)
    assert records(ask(new_client(tied), body="1,2,3\n")) == [[ODD[1]]]


LABELS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
    | st.sampled_from(["1", "1.0", "NaN", "null", "true", '"', '""', ",", "\r\n", "\ufeff", " a "]),
    min_size=3,
    max_size=6,
    unique=True,
)


@settings(deadline=None, max_examples=200)
@given(LABELS, st.lists(st.integers(0, 2), min_size=1, max_size=8))
def test_any_label_is_read_back_by_others_readers_of_csv_and_json(classes, chosen) -> None:
    """By Python's own, of an answer with a header and without."""
    rows = np.eye(len(classes))[chosen]
    answers = ClassAnswers(classes, None)
    expected = [classes[place] for place in chosen]
    text = answers.write(rows, DEFAULT, "text/csv").body.decode()
    assert [*csv.reader(io.StringIO(text, newline=""), strict=True)] == [[one] for one in expected]
    document = json.loads(answers.write(rows, DEFAULT, JSON).body)
    assert document == {"predictions": expected}
    text = answers.write(rows, ("probabilities", "labels"), CSV_WITH_HEADER).body.decode()
    header, *found = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert header[: len(classes)] == [f"probability_{name}" for name in classes]
    assert found == [[*map(str, row), *classes] for row in rows.tolist()]
