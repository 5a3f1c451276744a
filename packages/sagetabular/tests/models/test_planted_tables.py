"""The table that a project's own test runs on can be split and learned, whatever `conf/` says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from sagetabular.jobs.rows.splitting import Splitter
from sagetabular.settings.project import PipelineConf
from sagetabular.testing import planted_table

COLUMNS = {"a": "number", "b": "number", "kind": "category", "shop": "category", "day": "time"}
SPLITS = [
    {"kind": "random"},
    {"kind": "stratified"},
    {"kind": "grouped", "by": "shop"},
    {"kind": "grouped", "by": "b"},
    {"kind": "time", "by": "day"},
    {"kind": "time", "by": "b"},
]


def conf_of(split, drop=(), wide=0, task="regression", kind="number", **more):
    many = {f"c{number}": "number" for number in range(wide)}
    columns = {**COLUMNS, **many, "y": kind}
    data = {"database": "d", "table": "t", "target": "y", "columns": columns, "drop": [*drop]}
    conf = {"name": "own", "task": task, "data": data | more, "split": split}
    if task != "regression":
        conf["selection"] = {"minimum": 0.5}
    return PipelineConf.model_validate(conf)


@pytest.mark.parametrize("folds", [2, 3, 10, 50])
@pytest.mark.parametrize("split", SPLITS, ids=str)
def test_it_can_be_split_into_any_folds(split, folds) -> None:
    table = planted_table(conf_of(split))
    splitter = Splitter(split["kind"], split.get("by", "y"), 23)
    is_test = splitter.holdout(table, 0.2, "test")
    assert 0.1 < is_test.mean() < 0.3
    assert {*splitter.folds(table[~is_test], folds)} >= {*range(folds)}


@pytest.mark.parametrize("wide", [0, 100])
@pytest.mark.parametrize("drop", [[], ["a"], ["a", "kind"]])
@pytest.mark.parametrize("split", SPLITS, ids=str)
def test_what_a_model_sees_explains_the_target(split, drop, wide) -> None:
    table = planted_table(conf_of(split, drop, wide))
    gone = {"y", "day", *drop} | ({split["by"]} if split["kind"] == "grouped" else set())
    seen = pd.get_dummies(table.drop(columns=[*gone])).astype(float)
    assert LinearRegression().fit(seen, table["y"]).score(seen, table["y"]) > 0.9
    if wide:  # few of the columns suffice
        first = seen[[name for name in seen if not name.startswith("c") or name in ("c0", "c1")]]
        explained = LinearRegression().fit(first, table["y"]).score(first, table["y"])
        assert explained > 0.5
    assert np.isfinite(table["y"]).all()


WEIGHED = {"a": 1, "b": 2, "c": 3, "d": 4}
CLASSES = {
    "two": ({"task": "binary", "kind": "category", "positive": "yes"}, {"yes", "y 0"}),
    "two codes": ({"task": "binary", "positive": 1}, {0.0, 1.0}),
    "codes beside marks": (
        {"task": "binary", "positive": 0, "missing": ["1", "2.0"]}, {0.0, 3.0},
    ),
    "three": ({"task": "multiclass", "kind": "category"}, {"y 0", "y 1", "y 2"}),
    "those with weights": (
        {"task": "multiclass", "kind": "category", "class_weights": WEIGHED},
        {*"abcd"},
    ),
    "some with weights": (
        {"task": "multiclass", "class_weights": {"5": 2}}, {5.0, 0.0, 1.0},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("settings", "classes"), CLASSES.values(), ids=CLASSES)
@pytest.mark.parametrize("split", [*SPLITS[:3], SPLITS[4]], ids=str)
def test_classes_are_those_of_the_settings_and_can_be_learned_and_split(settings, classes, split):
    table = planted_table(conf_of(split, **settings))
    assert {*table["y"]} == classes
    assert table["y"].value_counts().min() >= 100
    gone = ["y", "day", *(["shop"] if split["kind"] == "grouped" else [])]
    seen = pd.get_dummies(table.drop(columns=gone)).astype(float)
    model = LogisticRegression(max_iter=2000).fit(seen, table["y"].astype(str))
    assert model.score(seen, table["y"].astype(str)) > 0.8
    splitter = Splitter(split["kind"], split.get("by", "y"), 23)
    rows = table.assign(y=table["y"].astype(str))
    is_test = splitter.holdout(rows, 0.2, "test")
    for part in (rows[is_test], rows[~is_test]):
        assert {*part["y"]} == {*rows["y"]}


def test_weights_are_positive_and_say_nothing() -> None:
    table = planted_table(conf_of({"kind": "random"}, weights="b"))
    assert table["b"].between(0.5, 2).all()
    assert abs(table["b"].corr(table["y"])) < 0.15
    seen = pd.get_dummies(table.drop(columns=["y", "day", "b"])).astype(float)
    assert LinearRegression().fit(seen, table["y"]).score(seen, table["y"]) > 0.9
