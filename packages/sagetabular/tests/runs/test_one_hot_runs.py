"""Whole executions in which Data Wrangler's flow encodes a category, here by its stand-in."""

from __future__ import annotations

import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from planting import Run, plant, run_project, search

pytestmark = pytest.mark.slow

LISTED = ["São Paulo", "nowhere", "<1H OCEAN", "it's"]
COLUMNS = ["town_SãoPaulo", "town_nowhere", "town_1HOCEAN", "town_it's"]


def make_rows(count: int = 300) -> pd.DataFrame:
    generator = np.random.default_rng(8)
    towns = np.array(["São Paulo", "<1H OCEAN", "it's", None, ""], dtype=object)
    rows = pd.DataFrame({"size": generator.normal(size=count)})
    rows["town"] = generator.choice(towns, count, p=[0.2, 0.4, 0.2, 0.1, 0.1])
    there = rows["town"].map({"São Paulo": 3.0, "it's": -3.0}).fillna(0.0)
    return rows.assign(price=rows["size"] + there + generator.normal(size=count) / 5)


def run_encoded(root: Path, one_hot: list[str]) -> Run:
    plant(root, make_rows(), "price", tuning={"trials": 2}, split={"folds": 3}, tracking="none",
          selection={"minimum_r2": 0.5})  # fmt: skip
    file = root / "conf/pipeline.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["data"]["source"] = "data_wrangler"
    content["data"]["columns"]["town"] = {"type": "category", "one_hot": one_hot}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    leaf = {"min_samples_leaf": {"type": "integer", "min": 2, "max": 30}}
    search(root, "decision_tree", leaf)
    depth = {"max_depth": {"type": "integer", "min": 2, "max": 5}}
    search(root, "xgboost", depth, num_round=30)
    return run_project(root)


def manifest_of(run: Run, step: str) -> dict[str, Any]:
    """What a fitted model says that it expects."""
    uri = run.record.steps[step].response["ModelArtifacts"]["S3ModelArtifacts"]
    content = BytesIO(run.sagemaker.storage.read_bytes(uri))
    with tarfile.open(fileobj=content) as archive:
        manifest: dict[str, Any] = json.load(archive.extractfile("manifest.json"))
    return manifest


def expected_rows() -> pd.DataFrame:
    """What Preprocess has to make of the rows: pandas' encoding, and zeros for a category."""
    rows = make_rows().replace({"town": {"": None}})
    names = {f"town_{name}": column for name, column in zip(LISTED, COLUMNS, strict=True)}
    encoded = pd.get_dummies(rows, columns=["town"], dtype=float).rename(columns=names)
    return encoded.assign(town_nowhere=0.0)


def test_both_models_learn_from_the_listed_categories_and_say_so(new_project, tmp_path):
    run = run_encoded(new_project(tmp_path), LISTED)
    assert run.record.status == "Succeeded", run.record.failure_reason
    parts = [pd.read_parquet(run.output("Preprocess", name)) for name in ("train", "test")]
    rows = pd.concat(parts).drop(columns="_fold")
    assert sorted(rows) == sorted([*COLUMNS, "price", "size"])
    expected = expected_rows()[[*rows]]
    by_content = [frame.sort_values([*rows], ignore_index=True) for frame in (rows, expected)]
    pd.testing.assert_frame_equal(*by_content)
    assert rows[COLUMNS].sum().gt(0).tolist() == [True, False, True, True]
    for step in ("FitDecisionTree", "FitXGBoost"):
        manifest = manifest_of(run, step)
        assert sorted(manifest["features"]) == sorted([*COLUMNS, "size"])
        assert not manifest["categories"]


def test_a_category_of_the_data_that_is_not_listed_ends_the_execution_with_two_lines(
    new_project, tmp_path
):
    run = run_encoded(new_project(tmp_path), LISTED[1:])
    assert run.record.status == "Failed"
    assert run.record.steps["Preprocess"].status == "Failed"
    assert "data.columns.town.one_hot must list all categories of the data, got 'SãoPaulo'" in (
        run.record.failure_reason or ""
    )
