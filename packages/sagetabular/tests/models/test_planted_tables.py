"""The table that a project's own test runs on can be split and learned, whatever `conf/` says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

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


def conf_of(split, drop=(), wide=0):
    many = {f"c{number}": "number" for number in range(wide)}
    columns = {**COLUMNS, **many, "y": "number"}
    data = {"database": "d", "table": "t", "target": "y", "columns": columns, "drop": [*drop]}
    return PipelineConf.model_validate({"name": "own", "data": data, "split": split})


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
