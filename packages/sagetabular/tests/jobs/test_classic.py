"""The classic contract inside one process: what it refuses, and in which words.

`container/local_test` holds the same code to SageMaker's contract from outside.
"""

from __future__ import annotations

import json

import pandas as pd
import pytest

from sagetabular.jobs.container.classic import train_classic
from sagetabular.jobs.errors import JobError

ROWS = "1,2,3\n2,4,1\n3,9,0\n4,1,5\n"


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    for folder in ("input/config", "input/data", "model"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def job(base, capsys):
    """Run a job with the given hyperparameters, and channels as text or tables."""

    def run(hyperparameters, **channels):
        (base / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters))
        for name, content in channels.items():
            folder = base / "input/data" / name
            folder.mkdir()
            if isinstance(content, str):
                (folder / "part.csv").write_text(content)
            else:
                content.to_parquet(folder / "part.parquet")
        train_classic(())
        return capsys.readouterr().out

    return run


@pytest.fixture
def refusal(job):
    def run(hyperparameters, **channels):
        with pytest.raises(JobError) as caught:
            job(hyperparameters, **channels)
        assert len(str(caught.value).splitlines()) == 2
        return str(caught.value)

    return run


def manifest(base):
    return json.loads((base / "model/manifest.json").read_text())


@pytest.mark.parametrize(
    ("hyperparameters", "words"),
    [
        ({"max_dept": "3"}, ["max_dept", "no hyperparameter", "max_depth"]),
        ({"max_depth": "deep"}, ["max_depth", "'deep'"]),
        ({"max_leaf_nodes": "4.5"}, ["max_leaf_nodes", "4.5"]),
        ({"max_depth": "Infinity"}, ["max_depth", "inf"]),
        ({"job_model": "forest"}, ["job_model", "'forest'", "decision_tree"]),
        ({"job_model": "../x"}, ["job_model", "'../x'"]),
        ({"job_seed": "x"}, ["job_seed", "'x'"]),
        ({"job_seed": "-1"}, ["job_seed", "-1"]),
        ({"job_seed": "Infinity"}, ["job_seed", "inf"]),
    ],
)
def test_a_bad_hyperparameter_is_named(refusal, base, hyperparameters, words):
    text = refusal(hyperparameters, training=ROWS)
    assert [word for word in words if word not in text] == []
    assert list((base / "model").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("price,rooms\n1,2\n2,3\n", ["part.csv", "price"]),
        ("1,2\n2,x\n", ["part.csv", "Row #2", "x"]),
        ("1,2\n2,3,4\n", ["part.csv", "Row #2", "Expected 2 columns"]),
        ("1,2\n2\n", ["part.csv", "Row #2", "Expected 2 columns"]),
        ("1,2\n,3\n", ["label", "nan", "row 2"]),
        ("1,2\n1e999,3\n", ["label", "inf", "row 2"]),
        ("1\n2\n", ["besides the label"]),
        ("1,1\n,2\n", ["finite number, got nan in row 2"]),
        ("1,1\n2,2\n-inf,3\n", ["finite number, got -inf in row 3"]),
        ("1,2\n1,3\n", ["training", "one value"]),
        ("", ["no file"]),
    ],
)
def test_bad_data_is_named_with_file_and_row(refusal, content, words):
    text = refusal({}, training=content)
    assert [word for word in words if word not in text] == []


def test_a_missing_channel_and_two_of_one_meaning_are_named(refusal):
    assert "training or train, got none" in refusal({})
    assert "training and train" in refusal({}, training=ROWS, train=ROWS)


def test_a_broken_parquet_file_and_files_of_two_tables_are_named(refusal, base):
    folder = base / "input/data/train"
    folder.mkdir()
    (folder / "a.csv").write_text(ROWS)
    (folder / "b").write_bytes(b"PAR1 and no more")
    assert "cannot be read" in refusal({})
    (folder / "b").write_text("1,2\n")
    assert "b must have the columns of a.csv" in refusal({})


def test_pipe_mode_is_refused(refusal, base):
    config = {"training": {"TrainingInputMode": "Pipe"}}
    (base / "input/config/inputdataconfig.json").write_text(json.dumps(config))
    assert "must be File or FastFile, got Pipe" in refusal({}, training=ROWS)


@pytest.mark.parametrize("text", ["{", "[1]", ""])
def test_hyperparameters_that_are_no_object_are_refused(base, text):
    (base / "input/config/hyperparameters.json").write_text(text)
    with pytest.raises(JobError, match="must be a JSON object"):
        train_classic(())


def test_markers_and_empty_files_are_no_data(job, base):
    folder = base / "input/data/train"
    folder.mkdir()
    (folder / "data").write_text(ROWS)
    (folder / "_SUCCESS").write_text("x")
    (folder / "empty.csv").touch()
    job({})
    assert manifest(base)["training_rows"] == 4


def test_parquet_names_its_label_and_keeps_categories(job, base):
    table = pd.DataFrame({"town": ["a", "b", "a", "c"], "price": [1, 2, 3, 4], "_fold": 0})
    log = job({"job_target": "price"}, train=table, validation=table[::-1])
    assert "train:r2=" in log and "validation:r2=" in log
    assert (manifest(base)["target"], manifest(base)["features"]) == ("price", ["town"])


def test_channels_of_two_tables_are_refused(refusal):
    numbers = pd.DataFrame({"price": [1.0, 2.0], "rooms": [1.0, 2.0]})
    words = numbers.assign(rooms=["a", "b"])
    assert "validation: its columns must be those of train" in refusal(
        {}, train=numbers, validation=words
    )


def test_a_label_that_parquet_does_not_have_is_named(refusal):
    text = refusal({"job_target": "cost"}, train=pd.DataFrame({"price": [1.0], "rooms": [2.0]}))
    assert "'cost'" in text and "price, rooms" in text


def test_the_seed_has_two_names(job, base):
    job({"random_state": "5"}, training=ROWS)
    first = manifest(base)
    assert (first["hyperparameters"], first["seed"]) == ({"random_state": 5}, 0)


def test_a_model_whose_library_the_image_lacks_is_named(refusal, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xgboost", None)
    monkeypatch.delitem(__import__("sys").modules, "models.xgboost.model", raising=False)
    assert "needs xgboost" in refusal({"job_model": "xgboost"}, training=ROWS)
