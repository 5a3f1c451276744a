"""Scores of two executions stand side by side; only those of the same kind are subtracted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from making import Story, make_execution, page_of

from sagelocal import LocalSageMaker
from sagetabular.report.comparison import compare

TIME = {"target": "price", "split": {"kind": "time", "by": "sold"}}
# What the second execution has otherwise; why that is another thing; which score it still allows.
CASES = {
    "another table": (
        {"data": "new.csv", "summary": {"fingerprint": "xyz", "rows_read": 90}},
        ("fingerprint of the rows", "abc", "xyz", "both"),
        "other data",
        (False, False),
    ),
    "the same number of other rows": (
        {"summary": {"fingerprint": "xyz"}},
        ("fingerprint of the rows", "abc", "xyz", "both"),
        "other data",
        (False, False),
    ),
    "another target of the same table": (
        {"conf": {"target": "rent"}},
        ("data.target", "price", "rent", "both"),
        "other target",
        (False, False),
    ),
    "another share of test rows": (
        {"summary": {"test_rows": 40, "training_rows": 30}},
        ("test rows", "50", "40", "both"),
        "other split",
        (False, False),
    ),
    "another kind of split": (
        {"conf": {"target": "price", "split": {"kind": "stratified"}}},
        ("split.kind", "-", "stratified", "both"),
        "other split",
        (False, False),
    ),
    "another seed": (
        {"parameters": {"Seed": 2, "Folds": 3}},
        ("Seed", "1", "2", "both"),
        "other split",
        (False, False),
    ),
    "other folds of the same training rows": (
        {"parameters": {"Seed": 1, "Folds": 5}, "summary": {"fold_rows": [4] * 5}},
        ("Folds", "3", "5", "cv"),
        "other split",
        (False, True),
    ),
}


def made(home, **told):
    return make_execution(home, Story(**{"parameters": {"Seed": 1, "Folds": 3}} | told))


@pytest.mark.parametrize("case", CASES)
def test_scores_of_another_kind_are_not_subtracted(tmp_path, case):
    told, obstacle, kind, comparable = CASES[case]
    first, second = made(tmp_path), made(tmp_path, shift=0.05, **told)
    found = compare(LocalSageMaker(tmp_path), first, second)
    rows = [(each.name, each.first, each.second, each.scores) for each in found.obstacles]
    assert obstacle in rows
    assert (found.why_not, found.comparable) == (kind, comparable)
    (pair,) = found.models
    # 0.8100 and 0.8600 by cross-validation, 0.7654 and 0.8154 on the test rows, as they were told.
    changes = [round(change, 4) if change is not None else None for change in found.changes(pair)]
    assert changes == [0.05 if able else None for able in comparable]


BINARY = {
    "task": "binary",
    "classes": ("no", "yes"),
    "conf": {"target": "price", "positive": "yes"},
}
OTHER_POSITIVE = {**BINARY, "classes": ("yes", "no"), "conf": {"target": "price", "positive": "no"}}
OF_ANOTHER_KIND = {
    "another metric": (
        {"metric": "rmse"},
        {"metric": "mae"},
        ("metric", "rmse", "mae", "both"),
        "other metric",
    ),
    "another metric than that of an earlier release": (
        {},
        {"metric": "rmse"},
        ("metric", "r2", "rmse", "both"),
        "other metric",
    ),
    "another task of the same metric": (
        {**BINARY, "metric": "accuracy"},
        {**BINARY, "metric": "accuracy", "task": "multiclass", "classes": ("a", "b", "c")},
        ("task", "binary", "multiclass", "both"),
        "other task",
    ),
    "another positive class": (
        {**BINARY, "metric": "f1"},
        {**OTHER_POSITIVE, "metric": "f1"},
        ("data.positive", "yes", "no", "both"),
        "other target",
    ),
}


@pytest.mark.parametrize("case", OF_ANOTHER_KIND)
def test_scores_of_another_metric_or_task_are_not_subtracted(pipeline, example, case):
    told, other, obstacle, kind = OF_ANOTHER_KIND[case]
    home = example.root / ".pipeline"
    first, second = made(home, **told), made(home, **other)
    found = compare(LocalSageMaker(home), first, second)
    rows = [(each.name, each.first, each.second, each.scores) for each in found.obstacles]
    assert rows == [obstacle]
    assert (found.why_not, found.comparable) == (kind, (False, False))
    assert found.changes(found.models[0]) == [None, None]
    ended = pipeline("compare", first.id, second.id)
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert f"Not comparable: {kind}" in lines
    assert sum(line.endswith("not comparable") for line in lines) == 2


def test_scores_of_two_metrics_have_their_names(pipeline, example):
    home = example.root / ".pipeline"
    first, second = made(home), made(home, metric="rmse")
    lines = [
        " ".join(line.split()) for line in pipeline("compare", first.id, second.id).out.splitlines()
    ]
    assert "Cross-validated score: R2, then RMSE" in lines
    assert any(line.startswith(f"first {first.id} Succeeded ridge R2 0.7654") for line in lines)
    found = json.loads(pipeline("compare", first.id, second.id, "--json").out)
    assert found["comparable"] == {"cv": False, "test": False}
    assert set(found["models"][0]) == {"name", "cv", "test"}


@pytest.mark.parametrize(
    "told",
    [
        {"model": "ridge"},
        {"data": "the same rows under another name"},
        {"conf": {"target": "price", "drop": ["rooms"]}},
        {"parameters": {"Seed": 1, "Folds": 3, "MaxTrainingJobs": 9}},
    ],
    ids=str,
)
def test_other_features_and_searches_are_what_one_compares(tmp_path, told):
    found = compare(LocalSageMaker(tmp_path), made(tmp_path), made(tmp_path, shift=0.05, **told))
    assert (found.obstacles, found.comparable) == ([], (True, True))


def test_a_seed_holds_no_other_rows_out_of_a_table_in_time(tmp_path):
    seeds = [{"Seed": 1, "Folds": 3}, {"Seed": 2, "Folds": 3}]
    executions = [made(tmp_path, conf=TIME, parameters=seed) for seed in seeds]
    assert compare(LocalSageMaker(tmp_path), *executions).obstacles == []


def test_rows_that_nobody_noted_are_not_taken_for_the_same(tmp_path):
    records = [made(tmp_path) for _ in range(2)]
    for record in records:
        step = record.steps["Preprocess"]
        record.write_step(replace(step, arguments={}, response={}))
    sagemaker = LocalSageMaker(tmp_path)
    found = compare(sagemaker, *(sagemaker.execution(record.id) for record in records))
    assert ("fingerprint of the rows", "unknown", "unknown") in [
        (each.name, each.first, each.second) for each in found.obstacles
    ]
    assert found.comparable == (False, False)


@pytest.fixture
def two_tables(example):
    """Executions that read two tables, the older first."""
    home = example.root / ".pipeline"
    return made(home), made(home, shift=0.0989, summary={"fingerprint": "xyz", "rows_read": 90})


def test_the_command_says_so_instead_of_a_change(pipeline, two_tables):
    ended = pipeline("compare", *(record.id for record in two_tables))
    assert (ended.code, ended.err) == (0, "")
    assert "+0.0989" not in ended.out
    rows = [line.split() for line in ended.out.splitlines()]
    assert ["Not", "comparable:", "other", "data"] in rows
    assert ["rows", "read", "70", "90", "both", "scores"] in rows
    assert ["ridge", "0.7654", "0.8643", "not", "comparable"] in rows


def test_its_json_says_so_too(pipeline, two_tables):
    first, second = (record.id for record in two_tables)
    ended = pipeline("compare", first, second, "--json")
    found = json.loads(ended.out)
    assert found["comparable"] == dict.fromkeys(("cv", "test", "cv_r2", "test_r2"), False)
    assert found["not_comparable_since"][0] == {
        "name": "fingerprint of the rows",
        "first": "abc",
        "second": "xyz",
        "scores": "both",
        "kind": "other data",
    }
    (model,) = found["models"]
    unsaid = {"change": None, "improved": None}
    assert model["test_r2"] == {"first": 0.7654, "second": pytest.approx(0.8643), **unsaid}
    assert model["test"] == model["test_r2"]
    assert (found["first"]["execution"], found["second"]["execution"]) == (first, second)


def test_the_report_says_so_too(example, two_tables):
    older, newer = sorted(two_tables, key=lambda record: record.id)
    page = page_of(example.root / ".pipeline", newer)
    assert f"Comparison with {older.id}" in page.texts
    assert "Not comparable: other data." in page.texts
    assert "Why scores cannot be compared" in page.texts
    assert page.texts.count("not comparable") == 2
    assert "+0.0989" not in page.texts and "-0.0989" not in page.texts


def test_without_identifiers_the_two_newest_are_compared(pipeline, example):
    home = example.root / ".pipeline"
    older, newer = sorted(made(home).id for _ in range(2))
    for given in ((), (older,), (older, newer)):
        found = json.loads(pipeline("compare", *given, "--json").out)
        assert (found["first"]["execution"], found["second"]["execution"]) == (older, newer)


def test_one_execution_is_not_compared_with_nothing(pipeline, example):
    made(example.root / ".pipeline")
    rule, remedy = pipeline("compare").mistake
    assert (rule, remedy) == ("There is one execution only.", "Start one with `pipeline run`.")
