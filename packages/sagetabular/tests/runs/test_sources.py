"""The rows are the same whichever way they come: through Athena's query, or through a flow too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planting import Run, plant, run_project, search

pytestmark = pytest.mark.slow


def make_rows(count: int = 300) -> pd.DataFrame:
    generator = np.random.default_rng(5)
    rows = pd.DataFrame(generator.normal(size=(count, 3)), columns=["a", "b", "c"])
    rows.loc[::7, "b"] = np.nan
    rows["whole"] = generator.integers(0, 50, count)
    rows["town"] = generator.choice(["x", "São Paulo", "it's"], count)
    return rows.assign(y=rows["a"] + (rows["town"] == "x") + generator.normal(size=count) / 5)


def run_from(root: Path, source: str, drop: list[str]) -> Run:
    plant(root, make_rows(), "y", tuning={"trials": 2}, split={"folds": 3}, tracking="none",
          selection={"minimum_r2": -1.0}, models=["decision_tree"])  # fmt: skip
    file = root / "conf/pipeline.yaml"
    added = f"data:\n  source: {source}\n  drop: {drop}\n"
    file.write_text(file.read_text().replace("data:\n", added, 1))
    leaf = {"min_samples_leaf": {"type": "integer", "min": 2, "max": 30}}
    search(root, "decision_tree", leaf)
    run = run_project(root)
    assert run.record.status == "Succeeded", run.record.failure_reason
    return run


@pytest.fixture
def both(new_project, tmp_path):
    """Run the same project with each source."""

    def run(drop):
        sources = ("athena", "data_wrangler")
        return [run_from(new_project(tmp_path / name), name, drop) for name in sources]

    return run


def reports(run: Run) -> list[dict[str, object]]:
    found = [trial["report"] for trial in run.trials("TuneDecisionTree")]
    return [{name: value for name, value in each.items() if name != "seconds"} for each in found]


def rows_of(run: Run) -> pd.DataFrame:
    """All rows that Preprocess wrote, in an order of their own, without their folds."""
    parts = [pd.read_parquet(run.output("Preprocess", name)) for name in ("train", "test")]
    rows = pd.concat(parts).drop(columns="_fold")
    return rows.sort_values([*rows], ignore_index=True)


def test_a_flow_gives_the_query_s_rows_bit_by_bit_with_the_target_first(both):
    athena, wrangled = both(drop=[])
    ingested = pd.read_parquet(wrangled.output("Ingest", wrangled_output(wrangled)))
    assert [*ingested] == ["y", "a", "b", "c", "whole", "town"]
    for name in ("train", "test"):
        files = [run.output("Preprocess", name) / f"{name}.parquet" for run in (athena, wrangled)]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert reports(athena) == reports(wrangled)


def test_what_is_dropped_never_leaves_the_flow_and_the_other_columns_are_the_same(both):
    athena, wrangled = both(drop=["c"])
    ingested = pd.read_parquet(wrangled.output("Ingest", wrangled_output(wrangled)))
    assert "c" not in ingested
    pd.testing.assert_frame_equal(rows_of(athena), rows_of(wrangled))


def wrangled_output(run: Run) -> str:
    (output,) = run.record.steps["Ingest"].arguments["ProcessingOutputConfig"]["Outputs"]
    return str(output["OutputName"])
