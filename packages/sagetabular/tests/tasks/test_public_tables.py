"""Public tables, from the file to the registered model, beside scikit-learn's and XGBoost's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from independent import Reference
from planting import Run, run_project, search
from public_tables import TABLES, PublicTable
from recomputing import metrics_of

from sagetabular.jobs.scoring.metrics import METRICS
from sagetabular.project import find_project

pytestmark = pytest.mark.slow
# Few trials of small models: what is compared is what they reach, not how far one could get.
TRIALS = 3
TREE = {
    "max_depth": {"type": "integer", "min": 3, "max": 12},
    "min_samples_leaf": {"type": "integer", "min": 1, "max": 20, "scaling": "Logarithmic"},
}
BOOSTER = {
    "eta": {"type": "continuous", "min": 0.05, "max": 0.3, "scaling": "Logarithmic"},
    "max_depth": {"type": "integer", "min": 2, "max": 6},
    "subsample": {"type": "continuous", "min": 0.6, "max": 1.0},
}
STEPS = {"decision_tree": "DecisionTree", "xgboost": "XGBoost"}


@dataclass(frozen=True)
class Solved:
    """A table and the run that learned from it.

    Attributes:
        public: What was known of it.
        table: As pandas reads the file, without rows that lack the target, in the run's order.
        assigned: Of each of its rows the fold that validates it, -2 for a test row.
        conf: What init has written, with few trials.
        run: The execution.
    """

    public: PublicTable
    table: pd.DataFrame
    assigned: np.ndarray
    conf: dict[str, Any]
    run: Run

    @property
    def folds(self) -> list[int]:
        return sorted({*self.assigned[self.assigned >= 0].tolist()})

    def known_to(self, fold: int) -> np.ndarray:
        """Which rows a model has seen that the fold validates: with times, what lies before it."""
        if self.conf["split"].get("kind") == "time":
            return (self.assigned >= -1) & (self.assigned < fold)
        return (self.assigned >= 0) & (self.assigned != fold)

    @property
    def metric(self) -> Any:
        return METRICS[self.public.metric]

    def evaluation(self, model: str) -> Path:
        return self.run.output(f"Evaluate{STEPS[model]}", "evaluation")

    def classes(self, model: str) -> list[str]:
        return json.loads((self.evaluation(model) / "manifest.json").read_text())["classes"]

    def trials(self, model: str) -> list[dict[str, Any]]:
        return self.run.trials(f"Tune{STEPS[model]}")


@pytest.fixture(scope="module", params=TABLES)
def solved(request, tmp_path_factory, new_project, command) -> Solved:
    public = TABLES[request.param]
    root = new_project(tmp_path_factory.mktemp("public") / "project")
    table = public.write(root / "table.csv")
    asked = ("--target", public.target, "--metric", public.metric)
    command("init", "table.csv", *asked, "--yes", folder=root)
    conf = make_quick(root)
    run = run_project(root)
    assert run.result.status == "Succeeded", run.record.failure_reason
    return Solved(public, *as_split(run, table, conf), conf, run)


def make_quick(root: Path) -> dict[str, Any]:
    """Ask for few trials of small models; return what init has written."""
    file = root / "conf/pipeline.yaml"
    conf = yaml.safe_load(file.read_text())
    conf |= {"tuning": {"trials": TRIALS, "parallel": 2}, "tracking": "none"}
    file.write_text(yaml.safe_dump(conf, sort_keys=False))
    search(root, "decision_tree", TREE)
    search(root, "xgboost", BOOSTER, num_round=40)
    return conf


def as_split(
    run: Run, table: pd.DataFrame, conf: dict[str, Any]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Put the file's rows into the order of Preprocess's tables, which hold these and no other."""
    train = pd.read_parquet(run.output("Preprocess", "train"))
    test = pd.read_parquet(run.output("Preprocess", "test")).assign(_fold=-2)
    rows = pd.concat([train, test], ignore_index=True)
    seen = [name for name in table if name in rows]
    table = table.dropna(subset=conf["data"]["target"])[seen]
    keys, of_file = (as_text(part, seen) for part in (rows, table))
    assert sorted(keys) == sorted(of_file)
    # A time that rows are split by, or a column that is read and dropped, tells equal rows apart.
    if conf["split"].get("kind") != "time" and not conf["data"].get("drop"):
        sides = pd.DataFrame({"key": keys, "fold": rows["_fold"]}).groupby("key")["fold"]
        assert (sides.nunique() == 1).all(), "copies of a row lie on two sides"
    ordered = table.iloc[np.argsort(of_file)[np.argsort(np.argsort(keys))]]
    return ordered.reset_index(drop=True), rows["_fold"].to_numpy()


def as_text(table: pd.DataFrame, columns: list[str]) -> list[str]:
    """One text a row, of the values that its columns have."""
    cells = table[columns].astype(object).where(table[columns].notna(), None)
    return [
        repr([float(cell) if isinstance(cell, int | float) else cell for cell in line])
        for line in cells.itertuples(index=False)
    ]


def test_init_has_found_out_what_is_asked(solved: Solved) -> None:
    """The task, and what a person would leave out of these tables or split them by."""
    conf, public = solved.conf, solved.public
    assert conf.get("task", "regression") == public.task
    left_out = {*public.named()} - {*solved.table}
    assert left_out <= {"name", "year", "date"}
    kind = conf["split"].get("kind")
    # 1,461 days of weather have an order; the cars' twelve years say how old they are.
    assert kind == "time" if "date" in left_out else kind in (None, "random", "stratified")


@pytest.mark.parametrize("model", STEPS)
def test_each_trial_scores_what_the_libraries_own_estimators_do(solved: Solved, model: str) -> None:
    reference = reference_of(solved, model)
    scores = []
    for trial in solved.trials(model):
        report = trial["report"]
        of_folds = [
            reference.score(
                model,
                report["hyperparameters"],
                report["seed"],
                solved.known_to(fold),
                solved.assigned == fold,
            )
            for fold in solved.folds
        ]
        scores.append(np.mean(of_folds))
        assert report[solved.metric.name] == pytest.approx(scores[-1], abs=tolerance(solved))
    best = (max if solved.metric.greater_is_better else min)(scores)
    (entry,) = [entry for entry in solved.run.result.models if entry.name == model]
    assert entry.cv == pytest.approx(best, abs=tolerance(solved))


@pytest.mark.parametrize("model", STEPS)
def test_the_refitted_model_scores_likewise_on_the_test_rows(solved: Solved, model: str) -> None:
    manifest = json.loads((solved.evaluation(model) / "manifest.json").read_text())
    is_training = solved.assigned >= -1
    score = reference_of(solved, model).score(
        model, manifest["hyperparameters"], manifest["seed"], is_training, ~is_training
    )
    (entry,) = [entry for entry in solved.run.result.models if entry.name == model]
    assert entry.test == pytest.approx(score, abs=tolerance(solved))


def tolerance(solved: Solved) -> float:
    """A hundredth; of an error in the target's unit, a hundredth of the target's deviation."""
    unit = 1.0 if solved.metric.name != "rmse" else solved.table[solved.public.target].std()
    return 0.01 * unit


def reference_of(solved: Solved, model: str) -> Reference:
    public = solved.public
    return Reference(solved.table, public.target, solved.classes(model), public.metric)


@pytest.mark.parametrize("model", STEPS)
def test_every_metric_of_every_fold_is_that_of_the_predictions_left(
    solved: Solved, model: str
) -> None:
    task = solved.public.task
    names = [metric.name for metric in METRICS.values() if task in metric.tasks]
    for trial in solved.trials(model):
        report, predictions = trial["report"], trial["predictions"]
        by_fold = [
            metrics_of(
                task, predictions[predictions["fold"] == fold["fold"]], solved.classes(model)
            )
            for fold in report["folds"]
        ]
        for name in names:
            told = [fold[name] for fold in report["folds"]]
            assert told == pytest.approx([found[name] for found in by_fold], rel=1e-9, abs=1e-12)
            assert report[name] == pytest.approx(np.mean([found[name] for found in by_fold]))
        deviation = np.std([found[solved.metric.name] for found in by_fold], ddof=1)
        assert report[f"{solved.metric.name}_std"] == pytest.approx(deviation)


@pytest.mark.parametrize("model", STEPS)
def test_every_metric_of_the_test_rows_is_that_of_the_predictions_left(
    solved: Solved, model: str
) -> None:
    folder, task = solved.evaluation(model), solved.public.task
    found = metrics_of(task, pd.read_parquet(folder / "predictions.parquet"), solved.classes(model))
    (statistics,) = json.loads((folder / "evaluation.json").read_text()).values()
    selection = json.loads(
        (solved.run.output("Select", "selection") / "selection.json").read_text()
    )
    (ranked,) = [entry for entry in selection["ranking"] if entry["model"] == model]
    for name, value in found.items():
        assert statistics[name]["value"] == pytest.approx(value, rel=1e-9, abs=1e-12), name
        assert ranked[f"test_{name}"] == pytest.approx(value, rel=1e-9, abs=1e-12), name
    assert {name for name in METRICS if task in METRICS[name].tasks} == found.keys()


def test_predictions_are_of_the_rows_that_were_held_out(solved: Solved) -> None:
    truth = solved.table.loc[solved.assigned == -2, solved.public.target]
    for model in STEPS:
        left = pd.read_parquet(solved.evaluation(model) / "predictions.parquet")["actual"]
        assert sorted(left) == sorted(truth)


def test_the_best_of_each_search_and_of_both_is_chosen_and_registered(solved: Solved) -> None:
    choose = max if solved.metric.greater_is_better else min
    best = {
        model: choose(trial["report"][solved.metric.name] for trial in solved.trials(model))
        for model in STEPS
    }
    result = solved.run.result
    assert result.winner == choose(best, key=best.__getitem__)
    assert {entry.name: entry.cv for entry in result.models} == best
    (package,) = solved.run.sagemaker.registry.packages(
        find_project(solved.run.root).settings.pipeline.name
    )
    told = package["CustomerMetadataProperties"]
    assert told["model"] == result.winner
    assert told["metric"] == f"test_{solved.metric.name}"
    assert float(told["score"]) == result.score
