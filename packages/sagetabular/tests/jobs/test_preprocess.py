"""Preprocess as a job: files in, files out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.preprocess import preprocess

SETTINGS = {
    "target": "price",
    "columns": {
        "size": {"type": "number", "optional": False},
        "income": {"type": "number", "optional": False},
        "price": {"type": "number", "optional": False},
    },
    "one_hot": {},
    "drop": ["income"],
    "unasked": [],
    "duplicates": "keep",
    "split": {"kind": "random", "by": None, "test": 0.2, "validation": 0.25},
}


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    folder = tmp_path / "processing/input"
    (folder / "settings").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "settings/preprocess.json").write_text(json.dumps(SETTINGS))
    put(tmp_path, make_table())
    return tmp_path


def make_table(rows: int = 500) -> pd.DataFrame:
    values = np.random.default_rng(1).normal(size=(rows, 3))
    return pd.DataFrame(values, columns=["size", "income", "price"])


def put(base: Path, table: pd.DataFrame) -> None:
    table.to_parquet(base / "processing/input/data/data.parquet", index=False)


def choose(base: Path, **changes: object) -> None:
    file = base / "processing/input/settings/preprocess.json"
    file.write_text(json.dumps(SETTINGS | changes))


def summary(base: Path) -> dict[str, Any]:
    return json.loads((base / "processing/output/summary/summary.json").read_text())


def output(base: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(base / "processing/output" / name / f"{name}.parquet")


def test_train_and_test_cover_the_rows_without_overlap(base: Path) -> None:
    preprocess(["--folds", "5", "--seed", "7"])
    train, test = output(base, "train"), output(base, "test")
    assert list(train) == ["size", "price", "_fold"]
    assert list(test) == ["size", "price"]
    both = pd.concat([train.drop(columns="_fold"), test])
    expected = make_table()[["size", "price"]]
    assert sorted(both.itertuples(index=False)) == sorted(expected.itertuples(index=False))
    assert train["_fold"].value_counts().sort_index().index.tolist() == [0, 1, 2, 3, 4]


def test_rows_in_another_order_give_the_same_bytes(base: Path) -> None:
    preprocess(["--folds", "5", "--seed", "7"])
    folder = base / "processing/output"
    names = ["train/train.parquet", "test/test.parquet", "summary/summary.json"]
    names += ["baseline/statistics.json", "baseline/constraints.json"]
    first = [(folder / name).read_bytes() for name in names]
    put(base, make_table().sample(frac=1, random_state=3))
    preprocess(["--folds", "5", "--seed", "7"])
    assert [(folder / name).read_bytes() for name in names] == first


def test_a_dropped_column_does_not_move_the_split(base: Path) -> None:
    """So that runs with and without a feature are scored on the same rows."""
    preprocess(["--folds", "5", "--seed", "7"])
    before = output(base, "test")["size"]
    choose(base, drop=[])
    preprocess(["--folds", "5", "--seed", "7"])
    assert list(output(base, "test")) == ["size", "income", "price"]
    pd.testing.assert_series_equal(output(base, "test")["size"], before)


def test_no_folds_means_one_validation_share(base: Path) -> None:
    preprocess(["--folds", "0", "--seed", "7"])
    shares = output(base, "train")["_fold"].value_counts(normalize=True)
    assert set(shares.index) == {-1, 0}
    assert shares[0] == pytest.approx(0.25, abs=0.06)


def test_the_baseline_is_that_of_the_features_of_the_training_rows(base: Path) -> None:
    preprocess(["--folds", "5", "--seed", "7"])
    text = (base / "processing/output/baseline/statistics.json").read_text(encoding="utf-8")
    statistics, train = json.loads(text), output(base, "train")
    assert statistics["dataset"] == {"item_count": len(train)}
    (size,) = statistics["features"]
    assert size["name"] == "size"
    assert size["numerical_statistics"]["max"] == train["size"].max()


@pytest.mark.parametrize(("duplicates", "removed"), [("keep", 0), ("remove", 30)])
def test_the_summary_counts_what_happened(base: Path, duplicates: str, removed: int) -> None:
    table = pd.concat([make_table(), make_table()[:30]]).assign(remark="x", town=None)
    put(base, table)
    columns = SETTINGS["columns"] | {"age": {"type": "number", "optional": True}}
    choose(base, duplicates=duplicates, columns=columns)
    preprocess(["--folds", "5", "--seed", "7"])
    found = summary(base)
    assert found["rows_read"] == 530
    assert found["repeated_rows"] == 30
    assert found["duplicates_removed"] == removed
    assert found["training_rows"] + found["test_rows"] == 530 - removed
    assert sum(found["fold_rows"]) == found["training_rows"]
    assert found["columns_left_out"] == ["remark", "town", "income"]
    assert found["columns_absent"] == ["age"]
    about_rows, about_columns = found["notes"]
    assert about_rows.startswith("30 of 530 rows repeat another one")
    assert ("are removed" in about_rows) == (duplicates == "remove")
    assert about_columns == "No model sees remark, town: not declared in data.columns."


def test_where_nothing_was_left_out_unasked_nothing_is_said(
    base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preprocess(["--folds", "5", "--seed", "7"])
    assert summary(base)["notes"] == []
    assert capsys.readouterr().out == ""


def test_categories_that_hardly_repeat_or_are_too_many_are_said(base: Path) -> None:
    numbers = np.arange(1200)
    columns = {"street": numbers, "zip": numbers % 300, "town": numbers % 255, "id": numbers}
    table = make_table(1200).assign(
        **{name: values.astype(str) for name, values in columns.items()}
    )
    put(base, table)
    kinds = {name: {"type": "category", "optional": False} for name in columns}
    choose(base, columns=SETTINGS["columns"] | kinds, drop=["income", "id"])
    preprocess(["--folds", "5", "--seed", "7"])
    assert summary(base)["notes"] == [
        "street: 1,200 categories in 1,200 rows; drop it (data.drop).",
        "zip: 300 categories; the template's models encode 255 of them.",
    ]


def test_a_time_that_nobody_dropped_is_said(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(base, make_table().assign(day=pd.Timestamp("2026-01-31")))
    columns = SETTINGS["columns"] | {"day": {"type": "time", "optional": False}}
    choose(base, columns=columns, drop=["income", "day"], unasked=["day"])
    preprocess(["--folds", "5", "--seed", "7"])
    (note,) = summary(base)["notes"]
    assert note.startswith("No model sees day: a time is no feature.")
    assert capsys.readouterr().out == f"{note}\n"
    assert "day" not in output(base, "train")


def test_the_fingerprint_sees_one_changed_value(base: Path) -> None:
    prints = []
    for value in (0.25, 0.25000000000000006):
        table = make_table()
        table.loc[17, "income"] = value
        put(base, table)
        preprocess(["--folds", "5", "--seed", "7"])
        prints.append(summary(base)["fingerprint"])
    assert prints[0] != prints[1]


@pytest.mark.parametrize("folds", ["1", "-3"])
def test_a_number_of_folds_that_is_none_is_refused(base: Path, folds: str) -> None:
    with pytest.raises(JobError, match=f"Folds must be 2 or more.*got {folds}"):
        preprocess(["--folds", folds, "--seed", "7"])
    assert not (base / "processing/output").exists()


def test_a_table_too_small_to_split_is_refused(base: Path) -> None:
    put(base, make_table(3))
    with pytest.raises(JobError, match="split.test must leave two different rows on both sides"):
        preprocess(["--folds", "2", "--seed", "7"])


def test_the_columns_of_listed_categories_are_all_there_and_no_other(base: Path) -> None:
    number = {"type": "number", "optional": False}
    columns = {"town_a": number, "town_b": number, **SETTINGS["columns"]}
    choose(base, columns=columns, one_hot={"town": ["town_a", "town_b"]})
    put(base, make_table().assign(town_b=1.0))
    preprocess(["--folds", "5", "--seed", "7"])
    test = output(base, "test")
    assert list(test) == ["town_a", "town_b", "size", "price"]
    assert set(test["town_a"]) == {0.0}
    assert set(test["town_b"]) == {1.0}
    put(base, make_table().assign(town_b=1.0, town_c=0.0))
    with pytest.raises(JobError, match=r"town\.one_hot must list all categories of the data"):
        preprocess(["--folds", "5", "--seed", "7"])
