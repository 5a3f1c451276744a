"""Which models of classes are served, and what they are asked with."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from calling import NUMBERS
from class_models import TWO, expected_labels, make_target

from sagetabular.jobs.errors import JobError
from sagetabular.serving.model import load_model

TABLE, TARGET = make_target(TWO)


@pytest.fixture
def copied(class_folders, model_folders, tmp_path):
    """Copies a model into a folder that the test may change."""

    def copy(name, **fields):
        folder = shutil.copytree((class_folders | model_folders)[name], tmp_path / name)
        file = folder / "manifest.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | fields))
        return folder

    return copy


def reason(folder) -> str:
    with pytest.raises(JobError) as info:
        load_model(folder)
    assert len(str(info.value).splitlines()) == 2, "a rule and a remedy"
    return info.value.message


THREE = {"task": "multiclass", "classes": ["a", "b", "c"], "positive": None}


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("two", THREE, "probabilities of shape (7, 3), a column for each of the classes ['a', 'b'"),
        ("two", {"task": "regression", "classes": [], "positive": None}, "shape (7,), got (7, 2)"),
        ("decision_tree", THREE, "probabilities of shape (7, 3)"),
        ("decision_tree_and_town", THREE, "probabilities of shape (1, 3)"),
        ("two_and_town", THREE, "probabilities of shape (1, 3)"),
        ("two", {"classes": ["no", "yes", "?"]}, "task binary must have two classes"),
        ("two", {"classes": ["no", "\ud800"], "positive": "\ud800"}, "classes must be different"),
    ],
)
def test_a_manifest_of_other_classes_than_the_model_is_refused(copied, name, fields, words):
    assert words in reason(copied(name, **fields))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (np.array([[0.5, 0.5 + 2e-6]]), "row 1: the model's answer is [0.5, 0.500002], no prob"),
        (np.array([[1.5, -0.5]]), "row 1: the model's answer is [1.5, -0.5], no probabilities."),
        (np.array([[np.nan, 1.0]]), "row 1: the model's answer is [nan, 1.0], no number."),
        (np.array([[np.inf, 0.0]]), "row 1: the model's answer is [inf, 0.0], no number."),
    ],
)
def test_what_is_no_probability_is_not_answered(class_clients, new_client, answer, words) -> None:
    model = replace(class_clients["two"].app.model, scorer=lambda _matrix: answer)
    reply = new_client(model).post("1,2,3\n")
    assert reply.status == 400
    assert reply.text.startswith(words)
    assert new_client(model).request("GET", "/ping").status == 503


@pytest.mark.parametrize("answer", [[["no", "no"]], [0.1], [[0.1, 0.2, 0.7]], [[True, False]]])
def test_an_answer_of_another_form_is_the_models_bug(class_clients, new_client, answer) -> None:
    model = replace(class_clients["two"].app.model, scorer=lambda _matrix: np.array(answer))
    assert new_client(model).post("1,2,3\n").status == 500
    with pytest.raises(JobError, match="predict must return probabilities of shape"):
        model.probe()


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_probabilities_of_another_precision_are_read_as_they_are(class_clients, dtype) -> None:
    model = class_clients["two"].app.model
    found = replace(model, scorer=lambda rows: np.eye(2, dtype=dtype)[[1] * len(rows)])
    rows = found.predict(np.zeros((3, 3)))
    assert (rows.dtype, rows.tolist()) == (np.float64, [[0.0, 1.0]] * 3)


@pytest.mark.parametrize("difference", ["a bit", "another order"])
def test_a_scorer_of_other_probabilities_is_refused(class_folders, monkeypatch, difference):
    code = load_model(class_folders["two"]).code
    build = code.scorer

    def build_differently(model, columns):
        score = build(model, columns)
        if difference == "a bit":
            return lambda matrix: np.nextafter(score(matrix), 0.5)
        return lambda matrix: score(matrix)[:, ::-1]

    monkeypatch.setattr(code, "scorer", build_differently)
    assert "scorer must return what predict returns" in reason(class_folders["two"])


def test_predict_is_looked_at_beside_a_scorer_that_is_right(class_folders, monkeypatch) -> None:
    """What predicts without a server, and has the same numbers in another form."""
    code = load_model(class_folders["two"]).code
    predict = code.predict
    monkeypatch.setattr(code, "predict", lambda model, rows: predict(model, rows).ravel())
    assert "shape (7, 2), a column for each" in reason(class_folders["two"])


def test_a_scorer_is_used_where_all_columns_are_numbers(class_clients) -> None:
    used = {name: client.app.model.scorer is not None for name, client in class_clients.items()}
    assert used == {name: "town" not in name for name in class_clients}


BOTH_WITH_TOWN = ["decision_tree_two_and_town", "xgboost_two_and_town"]


@pytest.mark.parametrize("name", BOTH_WITH_TOWN)
@pytest.mark.parametrize("content_type", ["text/csv", "application/x-parquet", "application/json"])
def test_the_training_file_is_predicted_with_its_target_in_it(class_clients, name, content_type):
    client, table = class_clients[name], TABLE.assign(answer=TARGET.astype(object))
    bodies = {
        "text/csv": table.to_csv(index=False),
        "application/x-parquet": table.to_parquet(),
        "application/json": table.to_json(orient="records"),
    }
    reply = client.post(bodies[content_type], content_type)
    expected = expected_labels(client.app.model, TABLE)
    assert reply.text.splitlines() == expected
    assert np.mean(np.array(expected) == TARGET.astype(object)) > 0.9, "it has learnt the bands"


@pytest.mark.parametrize("name", BOTH_WITH_TOWN)
def test_unseen_classes_and_categories_are_answered_from_what_is_known(class_clients, name):
    """A class that training never saw is a value of a column that the model does not know."""
    client = class_clients[name]
    rows = TABLE.head(5).assign(town="nowhere", answer="perhaps")
    reply = client.post(rows.to_csv(index=False))
    assert reply.text.splitlines() == expected_labels(client.app.model, rows)
    assert {*reply.text.splitlines()} <= {*TWO}


@pytest.mark.parametrize("name", ["two", "decision_tree_odd", "xgboost_odd"])
def test_offline_and_served_probabilities_are_the_same_bits(class_clients, name) -> None:
    """For every row of the table, by CSV and by the model's own `predict`."""
    model = class_clients[name].app.model
    rows = pd.DataFrame(TABLE[NUMBERS])
    asked = {"X_Amzn_SageMaker_Custom_Attributes": "output=probabilities"}
    reply = class_clients[name].post(rows.to_csv(index=False, header=False), **asked)
    found = np.array([line.split(",") for line in reply.text.splitlines()], dtype=float)
    assert found.tobytes() == model.code.predict(model.model, rows).tobytes()
