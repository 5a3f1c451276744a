"""`pipeline predict` with a model of classes: labels, probabilities and JSON, served and here."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from contextlib import contextmanager
from unittest.mock import create_autospec

import numpy as np
import pandas as pd
import pytest
from calling import NUMBERS
from class_models import ODD, TWO, expected_labels, lay_out_code, make_target
from running import Server

from sagelocal import LocalSageMaker
from sagetabular.aws.sagemaker.payloads import count_records
from sagetabular.cli.serving import predict

TABLE = make_target(TWO)[0]
VARIABLE = "SAGEMAKER_INFERENCE_OUTPUT"


@pytest.fixture
def register(example, class_folders, model_folders):
    """Registers a model in the small project, with variables of its container."""

    def run(name, **environment) -> None:
        lay_out_code(example.root)
        home = LocalSageMaker(example.root / ".pipeline")
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for file in (class_folders | model_folders)[name].iterdir():
                archive.add(file, file.name)
        uri = f"s3://local/models/{len(home.registry.packages())}/model.tar.gz"
        home.storage.put_bytes(uri, buffer.getvalue())
        container = {"Image": "x", "ModelDataUrl": uri, "Environment": environment}
        home.registry.create_model_package(
            {
                "ModelPackageGroupName": "test-project",
                "ModelApprovalStatus": "Approved",
                "InferenceSpecification": {"Containers": [container]},
            }
        )

    return run


@pytest.fixture
def file(tmp_path):
    """The table, with its target and a note in it."""
    TABLE.assign(answer="?", note='a,"b"\nc').to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path / "rows.csv"


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr("sagetabular.aws.sagemaker.payloads.ask_in_pieces.__defaults__", (2000,))


def records(text: str) -> list[list[str]]:
    return [*csv.reader(io.StringIO(text, newline=""), strict=True)]


@pytest.mark.parametrize("name", ["two", "odd"])
def test_labels_are_written_and_probabilities_on_request(
    pipeline, register, class_clients, file, tmp_path, small_pieces, name
) -> None:
    """In many pieces, of labels that hold commas and line breaks."""
    register(name)
    model = class_clients[name].app.model
    labels = expected_labels(model, TABLE)
    numbers = model.code.predict(model.model, TABLE[NUMBERS])
    predict = ("predict", file, "--version", "newest")

    assert records(pipeline(*predict).out) == [[label] for label in labels]
    target = tmp_path / "out.csv"
    assert pipeline(*predict, "--probabilities", "-o", target).out == ""
    header, *rows = records(target.read_text(encoding="utf-8"))
    names = {"two": TWO, "odd": ODD}[name]
    assert header == ["predicted_label", *(f"probability_{name}" for name in names)]
    assert [row[0] for row in rows] == labels
    assert np.array([row[1:] for row in rows], float).tobytes() == numbers.tobytes()

    assert json.loads(pipeline(*predict, "--json").out) == {"predictions": labels}
    rows = json.loads(pipeline(*predict, "--json", "--probabilities").out)["predictions"]
    assert rows == [
        {"predicted_label": label, "probabilities": [*row], "labels": [*names]}
        for label, row in zip(labels, numbers.tolist(), strict=True)
    ]


@contextmanager
def served(root, folder, **environment):
    """The address of a server of a model."""
    lay_out_code(root)
    (root / "ml").mkdir()
    (root / "ml/model").symlink_to(folder)
    with Server(root, **environment) as server:
        server.wait()
        yield f"http://127.0.0.1:{server.port}"


@pytest.mark.slow
def test_a_server_gives_what_is_predicted_here(pipeline, register, class_folders, tmp_path, file):
    register("odd")
    TABLE.to_parquet(tmp_path / "rows.parquet")
    TABLE.to_json(tmp_path / "rows.json", orient="records")
    (tmp_path / "server").mkdir()
    with served(tmp_path / "server", class_folders["odd"], **{VARIABLE: "probability"}) as url:
        for path in (file, tmp_path / "rows.parquet", tmp_path / "rows.json"):
            for options in ([], ["--probabilities"], ["--json"], ["--json", "--probabilities"]):
                asked = pipeline("predict", path, "--url", url, *options)
                if not options or options == ["--json"]:
                    assert asked.out.count("0.") > 100, "its default is a probability"
                    continue
                here = pipeline("predict", path, "--version", "1", *options)
                assert (here.code, here.out) == (0, asked.out)
                assert here.out.count("probabilit") >= 10


def test_a_versions_own_default_is_that_of_its_container(pipeline, register, file, monkeypatch):
    register("two", **{VARIABLE: "probability,predicted_label"})
    rows = records(pipeline("predict", file, "--version", "1").out)
    assert {label for _, label in rows} == {*TWO}
    monkeypatch.setenv(VARIABLE, "predicted_label")
    assert {*pipeline("predict", file, "--version", "1").out.split()} == {*TWO}
    monkeypatch.setenv(VARIABLE, "scores")
    rule, _ = pipeline("predict", file, "--version", "1").mistake
    assert rule.startswith(f"{VARIABLE} must be predicted_label, probability,")


def test_a_model_of_numbers_has_no_probabilities(pipeline, register, file) -> None:
    register("decision_tree")
    predict = ("predict", file, "--version", "1")
    numbers = [float(line) for line in pipeline(*predict).out.splitlines()]
    assert json.loads(pipeline(*predict, "--json").out) == {"predictions": numbers}
    rule, remedy = pipeline(*predict, "--probabilities").mistake
    assert rule.endswith("the model predicts numbers, got 'predicted_label,probabilities'.")
    assert remedy == "Leave it out, or ask a model of classes."


@pytest.mark.parametrize(
    ("option", "answer", "words"),
    [
        ("--probabilities", b"1.5\n", "must be CSV with a header, predicted_label,…, got '1.5"),
        ("--probabilities", b"", "must be CSV with a header"),
        ("--json", b"1.5\n", 'must be {"predictions": [...]}, got \'1.5'),
        ("--json", b'{"predictions": 1}', 'must be {"predictions": [...]}'),
        ("--json", b"[" * 10**5, 'must be {"predictions": [...]}'),
        ("--json", b"\xff", 'must be {"predictions": [...]}'),
    ],
)
def test_an_answer_of_another_server_is_named(
    pipeline, file, monkeypatch, option, answer, words
) -> None:
    """An older server, or somebody else's, does not know what it is asked for."""
    monkeypatch.setattr(predict, "_ask", create_autospec(predict._ask, return_value=answer))
    rule, remedy = pipeline("predict", file, "--url", "http://x", option).mistake
    assert rule.startswith("The answer ")
    assert words in rule
    assert option in remedy


@pytest.mark.parametrize(
    ("text", "count"),
    [(b"", 0), (b"a\n", 1), (b'"a\nb"\n"c""\n"\nd\n', 3), (b'a"\n', 1), (b'""\n', 1)],
)
def test_records_are_counted_and_not_lines(text, count) -> None:
    assert count_records(text) == count


def test_a_file_without_header_in_pieces_whose_labels_have_line_breaks(
    pipeline, register, class_clients, tmp_path, small_pieces
) -> None:
    """Whether the file has a header is seen from the number of rows that are answered."""
    register("odd")
    pd.DataFrame(TABLE[NUMBERS]).to_csv(tmp_path / "rows.csv", index=False, header=False)
    labels = expected_labels(class_clients["odd"].app.model, TABLE)
    assert "two\nlines" in labels
    ended = pipeline("predict", tmp_path / "rows.csv", "--version", "1")
    assert records(ended.out) == [[label] for label in labels]
