"""What a manifest says of a model's classes, and what no manifest may say."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.models.hyperparameters import TrainingSettings
from sagetabular.jobs.models.manifest import describe, read_manifest

SETTINGS = TrainingSettings("decision_tree", "answer", 1, False, {})
FEATURES = pd.DataFrame({"size": [1.0, 2.0, 3.0]})


def of_classes(*classes: str) -> pd.Series:
    """A target of three rows that need not have every class."""
    values = [classes[0], classes[-1], classes[0]]
    return pd.Series(pd.Categorical(values, categories=[*classes]), name="answer")


@pytest.mark.parametrize(
    ("target", "task", "classes", "positive"),
    [
        (pd.Series([1.0, 2.0, 3.0]), "regression", [], None),
        (of_classes("yes", "no"), "binary", ["yes", "no"], "no"),
        (of_classes("1", "2", "10"), "multiclass", ["1", "2", "10"], None),
    ],
)
def test_the_target_says_the_task_and_the_order_of_classes(
    tmp_path, target, task, classes, positive
) -> None:
    describe(FEATURES, target, SETTINGS).write(tmp_path)
    read = read_manifest(tmp_path)
    assert (read.task, read.classes, read.positive) == (task, classes, positive)


def test_a_manifest_of_before_there_were_tasks_is_one_of_regression(tmp_path) -> None:
    describe(FEATURES, pd.Series([1.0, 2.0, 3.0]), SETTINGS).write(tmp_path)
    file = tmp_path / "manifest.json"
    old = json.loads(file.read_text())
    for name in ("task", "classes", "positive"):
        del old[name]
    file.write_text(json.dumps(old))
    assert (read_manifest(tmp_path).task, read_manifest(tmp_path).classes) == ("regression", [])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"task": "ranking"}, "task must be one of regression, binary, multiclass, got 'ranking'"),
        ({"task": None}, "task must be one of"),
        ({"task": ["binary"]}, "unhashable"),
        ({"task": "regression"}, "task regression must have no class"),
        ({"task": "multiclass"}, "task multiclass must have three or more classes"),
        ({"classes": []}, "task binary must have two classes, got []"),
        ({"classes": ["yes"]}, "task binary must have two classes, got ['yes']"),
        ({"classes": ["yes", "no", "?"]}, "task binary must have two classes"),
        ({"classes": ["yes", "yes"]}, "classes must be different texts, got ['yes', 'yes']"),
        ({"classes": ["yes", 0]}, "classes must be different texts, got ['yes', 0]"),
        ({"classes": ["yes", None]}, "classes must be different texts"),
        ({"classes": [["yes"], "no"]}, "classes must be different texts"),
        ({"classes": ["no", "\ud800"]}, r"classes must be different texts, got ['no', '\ud800']"),
        ({"classes": "yn"}, "classes must be different texts, got 'yn'"),
        ({"classes": None}, "classes must be different texts, got None"),
        ({"positive": "yes"}, "positive must be 'no', got 'yes'"),
        ({"positive": None}, "positive must be 'no', got None"),
        ({"task": "multiclass", "classes": ["yes"]}, "must have three or more classes"),
    ],
)
def test_classes_that_contradict_themselves_are_refused(tmp_path, fields, words) -> None:
    describe(FEATURES, of_classes("yes", "no"), SETTINGS).write(tmp_path)
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))
    with pytest.raises(JobError) as info:
        read_manifest(tmp_path)
    assert info.value.message.startswith("manifest.json of the model cannot be used: ")
    assert words in info.value.message
    assert len(str(info.value).splitlines()) == 2
