"""The same inputs give the same bits, and test rows are seen by nobody before Evaluate."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from planting import Run, plant, run_project, search

from sagelocal import LocalSageMaker
from sagetabular.local import runs as local_runs

pytestmark = pytest.mark.slow

RANGES = {
    "decision_tree": {"min_samples_leaf": {"type": "integer", "min": 2, "max": 30}},
    "xgboost": {
        "eta": {"type": "continuous", "min": 0.05, "max": 0.3, "scaling": "Logarithmic"},
        "subsample": {"type": "continuous", "min": 0.5, "max": 1.0},
    },
}


def make_table(rows: int = 500) -> pd.DataFrame:
    generator = np.random.default_rng(8)
    table = pd.DataFrame(generator.normal(size=(rows, 3)), columns=["a", "b", "c"])
    table.loc[::9, "b"] = np.nan
    table["town"] = generator.choice(["x", "y", "z"], rows)
    y = table["a"] ** 2 + (table["town"] == "x") + generator.normal(scale=0.2, size=rows)
    return table.assign(y=y)


def run_once(
    root: Path, table: pd.DataFrame, cores: int, isolation: str | None, monkeypatch
) -> Run:
    tuning = {"trials": 3, "parallel": 2}
    plant(root, table, "y", tuning=tuning, split={"folds": 3}, selection={"minimum_r2": -1.0})
    for model, ranges in RANGES.items():
        search(root, model, ranges, **({"num_round": 15} if model == "xgboost" else {}))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(cores)), raising=False)
    monkeypatch.setattr(local_runs, "LocalSageMaker", partial(LocalSageMaker, isolation=isolation))
    return run_project(root)


def everything_but_times(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for step in ("TuneDecisionTree", "TuneXGBoost"):
        trials = run.trials(step)
        for trial in trials:
            trial["report"].pop("seconds")
        found[step] = [trial["report"] for trial in trials]
        found[f"{step} predictions"] = [
            trial["predictions"].to_numpy().tobytes() for trial in trials
        ]
    selection = run.output("Select", "selection") / "selection.json"
    return found | {"selection": json.loads(selection.read_text())}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, new_project) -> dict[str, Run]:
    """One core; two cores with the rows in another order; trials as plain processes."""
    shuffled = make_table().sample(frac=1, random_state=1)
    cases = {
        "one core": (make_table(), 1, None),
        "two cores, shuffled": (shuffled, 2, None),
        "plain processes": (make_table(), 2, "process"),
    }
    with pytest.MonkeyPatch.context() as patch:
        return {
            name: run_once(new_project(tmp_path_factory.mktemp("run") / "p"), *case, patch)
            for name, case in cases.items()
        }


@pytest.mark.parametrize("other", ["two cores, shuffled", "plain processes"])
def test_neither_cores_nor_order_of_rows_nor_isolation_change_a_bit(
    runs: dict[str, Run], other: str
) -> None:
    assert everything_but_times(runs[other]) == everything_but_times(runs["one core"])


def test_the_seed_of_the_pipeline_reaches_split_search_and_models(runs: dict[str, Run]) -> None:
    run = runs["one core"]
    assert run.record.parameters["Seed"] == 23
    arguments = {name: step.arguments for name, step in run.record.steps.items()}
    container = arguments["Preprocess"]["AppSpecification"]["ContainerArguments"]
    assert container == ["--folds", "3", "--seed", "23"]
    for title in ("DecisionTree", "XGBoost"):
        tune = arguments[f"Tune{title}"]
        assert tune["HyperParameterTuningJobConfig"]["RandomSeed"] == 23
        assert tune["TrainingJobDefinition"]["StaticHyperParameters"]["job_seed"] == "23"
        assert arguments[f"Fit{title}"]["HyperParameters"]["job_seed"] == "23"
    assert {trial["report"]["seed"] for trial in run.trials("TuneXGBoost")} == {23}
    assert {len(trial["report"]["folds"]) for trial in run.trials("TuneXGBoost")} == {3}


def test_another_seed_gives_another_split_and_search(runs: dict[str, Run]) -> None:
    run = runs["one core"]
    other = run_project(run.root, Seed=24, Folds=4, MaxTrainingJobs=1, MinimumR2=-9)
    assert [len(t["report"]["folds"]) for t in other.trials("TuneXGBoost")] == [4]
    first, second = run.trials("TuneXGBoost")[0], other.trials("TuneXGBoost")[0]
    assert first["report"]["hyperparameters"] != second["report"]["hyperparameters"]
    tests = [pd.read_parquet(one.output("Preprocess", "test")) for one in (run, other)]
    assert not tests[0].equals(tests[1])


def test_nothing_before_evaluate_is_given_the_test_rows(runs: dict[str, Run]) -> None:
    run = runs["one core"]
    uri = run.record.steps["Preprocess"].arguments["ProcessingOutputConfig"]["Outputs"][1]
    assert uri["OutputName"] == "test"
    readers = [
        name
        for name, step in run.record.steps.items()
        if name != "Preprocess" and uri["S3Output"]["S3Uri"] in json.dumps(step.arguments)
    ]
    assert readers == ["EvaluateDecisionTree", "EvaluateXGBoost"]
    train = pd.read_parquet(run.output("Preprocess", "train")).drop(columns="_fold")
    test = pd.read_parquet(run.output("Preprocess", "test"))
    assert len(train.merge(test)) == 0
    assert len(train) + len(test) == 500


def test_the_fit_uses_the_best_trial(runs: dict[str, Run]) -> None:
    run = runs["one core"]
    for title in ("DecisionTree", "XGBoost"):
        best = run.record.steps[f"Tune{title}"].response["BestTrainingJob"]
        fitted = run.record.steps[f"Fit{title}"].arguments["HyperParameters"]
        for name, value in best["TunedHyperParameters"].items():
            assert fitted[name] == value
