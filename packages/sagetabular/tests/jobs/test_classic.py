"""The classic contract inside one process: what it refuses, and in which words.

`container/local_test` holds the same code to SageMaker's contract from outside.
"""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score
from sklearn.tree import DecisionTreeClassifier

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


CLASSES = "".join(f"{'yes' if row % 3 else 'no'},{row % 3},{row}\n" for row in range(60))
GRADES = "".join(f"{(10, 9.0, 2)[row % 3]},{row % 3},{row}\n" for row in range(60))


def metrics_in(log):
    return {name: float(value) for name, value in re.findall(r"^(\w+:\w+)=([^;]+);$", log, re.M)}


@pytest.mark.parametrize(
    ("hyperparameters", "rows", "classes", "positive"),
    [
        ({"job_task": "binary"}, CLASSES, ["no", "yes"], "yes"),
        ({"job_task": "binary", "job_positive": "no"}, CLASSES, ["yes", "no"], "no"),
        ({"job_task": "multiclass"}, GRADES, ["2", "9", "10"], None),
    ],
)
@pytest.mark.parametrize("model", ["decision_tree", "xgboost"])
def test_a_label_may_be_a_class(job, base, model, hyperparameters, rows, classes, positive):
    own = {"num_round": "5"} if model == "xgboost" else {"max_depth": "3"}
    log = job({"job_model": model, **own, **hyperparameters}, training=rows, validation=rows)
    found = manifest(base)
    assert (found["task"], found["classes"]) == (hyperparameters["job_task"], classes)
    assert found["positive"] == positive
    scores = metrics_in(log)
    assert scores["train:accuracy"] == scores["validation:accuracy"] == 1
    assert scores["validation:roc_auc"] == 1
    assert 0 <= scores["validation:log_loss"] < 1
    assert ("validation:f1" in scores) == (positive is not None)
    assert "r2" not in log and "mse" not in log


def test_the_scores_of_classes_are_those_of_scikit_learn(job):
    generator = np.random.default_rng(0)
    table = pd.DataFrame(generator.normal(size=(300, 2)), columns=["rooms", "area"])
    sold = (table["rooms"] + generator.normal(size=300) > 0).astype(int)
    table.insert(0, "sold", sold)
    known, new = table[:200], table[200:]
    asked = {"job_task": "binary", "job_target": "sold", "job_positive": "1", "max_depth": "3"}
    scores = metrics_in(job(asked, train=known, validation=new))
    plain = DecisionTreeClassifier(max_depth=3, random_state=0)
    plain.fit(known[["rooms", "area"]], known["sold"])
    found = plain.predict_proba(new[["rooms", "area"]])[:, 1]
    assert scores["validation:roc_auc"] == roc_auc_score(new["sold"], found)
    assert scores["validation:log_loss"] == pytest.approx(log_loss(new["sold"], found))
    assert scores["validation:f1"] == f1_score(new["sold"], found > 0.5)
    assert scores["validation:accuracy"] == accuracy_score(new["sold"], found > 0.5)


@pytest.mark.parametrize(
    ("hyperparameters", "content", "words"),
    [
        ({"job_task": "classes"}, CLASSES, ["job_task must be regression or binary or multi"]),
        ({"job_positive": "yes"}, CLASSES, ["job_positive is for job_task binary", "'yes'"]),
        ({"job_task": "binary", "job_positive": "maybe"}, CLASSES, ["'maybe'", "no, yes"]),
        ({"job_task": "multiclass"}, CLASSES, ["needs three classes or more, got 2", "no, yes"]),
        ({"job_task": "binary"}, GRADES, ["Channel training", "needs two classes, got 3", "2, 9"]),
        ({"job_task": "binary"}, "a,1\n,2\n", ["label 'label' must be a class", "None in row 2"]),
        ({"job_task": "binary"}, "a,1\nb,x\n", ["part.csv", "Row #2", "but for the label"]),
        ({"job_task": "binary", "criterion": "mse"}, CLASSES, ["criterion", "'mse'"]),
        ({}, CLASSES, ["part.csv", "'no'", "numbers only"]),
    ],
)
def test_bad_classes_are_named(refusal, base, hyperparameters, content, words):
    text = refusal(hyperparameters, training=content)
    assert [word for word in words if word not in text] == []
    assert list((base / "model").iterdir()) == []


def test_a_class_that_training_does_not_have_is_named(refusal):
    text = refusal({"job_task": "binary"}, training=CLASSES, validation="maybe,1,2\nno,0,1\n")
    assert "Channel validation: the class 'maybe'" in text
    assert text.endswith("Give both channels rows of all classes, or other hyperparameters.")
