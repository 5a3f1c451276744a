"""Counts per team and hour: rows repeat because the world does, and that world is learned."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from planting import Run, plant, run_project, search
from typer.testing import CliRunner

from sagetabular.cli import app

pytestmark = pytest.mark.slow

ROWS = 2000


def make_calls() -> pd.DataFrame:
    """Few calls in most hours, so that most rows are equal to another one."""
    generator = np.random.default_rng(12)
    team, hour = generator.integers(0, 4, ROWS), generator.integers(0, 24, ROWS)
    calls = generator.poisson(0.2 + 0.6 * team + 0.05 * hour)
    return pd.DataFrame({"team": team.astype(str), "hour": hour, "calls": calls})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, new_project) -> Run:
    root = new_project(tmp_path_factory.mktemp("calls") / "p")
    conf = {"tuning": {"trials": 2, "parallel": 2}, "tracking": "none", "models": ["xgboost"]}
    plant(root, make_calls(), "calls", **conf, selection={"minimum_r2": -1.0})
    ranges = {"max_depth": {"type": "integer", "min": 2, "max": 3}}
    search(root, "xgboost", ranges, num_round=40, eta=0.1)
    return run_project(root)


def test_the_rows_are_counted_and_the_copies_are_said(run: Run) -> None:
    repeated = int(make_calls().duplicated().sum())
    assert repeated > 0.6 * ROWS
    counts = {"read": ROWS, "used": ROWS, "repeated": repeated, "removed": 0}
    assert run.result.rows == counts
    (note,) = run.result.notes
    assert note.startswith(f"{repeated:,} of {ROWS:,} rows repeat another one: they are kept")


def test_what_is_learned_has_the_mean_of_what_was_read(run: Run) -> None:
    predictions = [trial["predictions"] for trial in run.trials("TuneXGBoost")]
    test = pd.read_parquet(run.output("EvaluateXGBoost", "evaluation") / "predictions.parquet")
    for found in (*predictions, test):
        # Without the copies the mean of the target alone would be half as much again.
        assert found["predicted"].mean() == pytest.approx(make_calls()["calls"].mean(), rel=0.1)
    assert sum(map(len, (predictions[0], test))) == ROWS
    (entry,) = run.result.models
    assert entry.cv_r2 > 0.1  # 0.25 is what the true means would have


def test_the_command_says_so_in_a_line_and_as_json(run: Run, monkeypatch) -> None:
    monkeypatch.chdir(run.root)
    shown = CliRunner().invoke(app, ["show", run.record.id]).output
    assert f"Note         {run.result.notes[0]}" in shown
    again = json.loads(CliRunner().invoke(app, ["run", "--json", "--plain"]).stdout)
    assert (again["rows"], again["notes"]) == (run.result.rows, run.result.notes)
