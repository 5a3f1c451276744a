"""Planted classes: whoever must win is registered, a leak is named, noise scores nothing.

The same for numbers is in `runs/test_winners.py`.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from planting import Run, plant, run_project, search

from sagetabular.project import find_project
from sagetabular.project.models import add_model

pytestmark = pytest.mark.slow
ROWS = 900
SMALL = {"tuning": {"trials": 2, "parallel": 2}, "split": {"folds": 3}, "tracking": "none"}
KINDS = {"binary": ["no", "yes"], "multiclass": ["red", "green", "blue"]}
STEPS = [f"s{number}" for number in range(20)]
SMOOTH = list("abcdefgh")


def make_steps(task: str) -> pd.DataFrame:
    """A class for each of 20 categories, without noise: a tree is sure, shrunken boosting never."""
    generator = np.random.default_rng(3)
    step = np.arange(ROWS) % 20
    # Each class occurs; the order of the categories says nothing about it.
    classes = generator.permutation(np.resize(KINDS[task], 20))
    noise = generator.normal(size=ROWS)
    return pd.DataFrame({"step": np.array(STEPS)[step], "noise": noise, "y": classes[step]})


def make_smooth(task: str) -> pd.DataFrame:
    """Slices of a sum of eight smooth effects: boosting adds up, one tree runs out of rows."""
    generator = np.random.default_rng(4)
    table = pd.DataFrame(generator.uniform(-2, 2, size=(ROWS, 8)), columns=SMOOTH)
    total = np.sin(table).sum(axis=1) + generator.normal(scale=0.1, size=ROWS)
    table["noise"] = generator.normal(size=ROWS)
    return table.assign(y=pd.qcut(total, len(KINDS[task]), labels=KINDS[task]).astype(str))


# Maker, metric, gate that the winner passes, winner, columns that make the class.
CASES = {
    "steps": (make_steps, "log_loss", {"maximum": 0.01}, "decision_tree", ["step"]),
    "smooth, binary": (make_smooth, "roc_auc", {"minimum": 0.85}, "xgboost", SMOOTH),
    "smooth, multiclass": (make_smooth, "accuracy", {"minimum": 0.6}, "xgboost", SMOOTH),
}
RUNS = [
    ("steps", "binary"),
    ("steps", "multiclass"),
    ("smooth, binary", "binary"),
    ("smooth, multiclass", "multiclass"),
]

# What takes seconds of its own is asked of a loss and of a score, of categories and of numbers.
GATED = [RUNS[0], RUNS[3]]
ASKED = [RUNS[1], RUNS[2]]


def lay_out(root: Path, table: pd.DataFrame, task: str, **conf: object) -> None:
    """Plant a table of classes and make both models quick."""
    plant(root, table, "y", task=task, **{**SMALL, **conf})
    if task == "binary":
        file = root / "conf/pipeline.yaml"
        content = yaml.safe_load(file.read_text())
        content["data"]["positive"] = "yes"
        file.write_text(yaml.safe_dump(content, sort_keys=False))
    search(root, "decision_tree", {"min_samples_leaf": {"type": "integer", "min": 1, "max": 3}})
    eta = {"type": "continuous", "min": 0.1, "max": 0.3}
    search(root, "xgboost", {"eta": eta}, num_round=40)


@dataclass(frozen=True)
class Planted:
    """A run on planted classes, what had to come of it, and the table."""

    case: str
    task: str
    table: pd.DataFrame
    run: Run

    @property
    def metric(self) -> str:
        return CASES[self.case][1]

    @property
    def winner(self) -> str:
        return CASES[self.case][3]


@pytest.fixture(scope="module", params=RUNS, ids=" of ".join)
def planted(request, tmp_path_factory, new_project) -> Planted:
    case, task = request.param
    make, metric, gate, *_ = CASES[case]
    root, table = new_project(tmp_path_factory.mktemp("planted") / "project"), make(task)
    lay_out(root, table, task, selection={"metric": metric, **gate})
    return Planted(case, task, table, run_project(root))


def test_the_model_that_must_win_is_registered(planted: Planted) -> None:
    run, result = planted.run, planted.run.result
    assert result.status == "Succeeded", run.record.failure_reason
    assert (result.task, result.metric) == (planted.task, planted.metric)
    assert result.winner == planted.winner
    name = find_project(run.root).settings.pipeline.name
    (package,) = run.sagemaker.registry.packages(name)
    told = package["CustomerMetadataProperties"]
    assert (told["model"], told["task"]) == (planted.winner, planted.task)
    assert (told["metric"], float(told["score"])) == (f"test_{planted.metric}", result.score)


def test_the_ranking_goes_from_the_better_score_to_the_worse(planted: Planted) -> None:
    first, second = (entry.cv for entry in planted.run.result.models)
    assert first < second if planted.metric == "log_loss" else first > second


def test_the_columns_that_make_the_class_have_the_importance(planted: Planted) -> None:
    useful = CASES[planted.case][4]
    for title in ("DecisionTree", "XGBoost"):
        folder = planted.run.output(f"Evaluate{title}", "evaluation")
        shares = json.loads((folder / "importance.json").read_text())
        assert sum(shares.values()) == pytest.approx(1)
        least = min(shares[name] for name in useful)
        assert shares["noise"] < (0.01 if planted.case == "steps" else least)


def test_what_tells_the_class_alone_is_named_and_nothing_else(planted: Planted) -> None:
    named = [note for note in planted.run.result.notes if " explain" in note]
    if planted.case == "steps":
        (note,) = named
        assert note.startswith("step alone explains 100% of y (errors saved beside always ")
    else:
        assert named == []


@pytest.mark.parametrize("planted", GATED, indirect=True, ids=" of ".join)
def test_a_gate_that_nobody_passes_registers_nothing(planted: Planted, command) -> None:
    """All but the gate is as before, so nothing is fitted again."""
    loss = planted.metric == "log_loss"
    name = "MaximumLogLoss" if loss else f"Minimum{planted.metric.title().replace('_', '')}"
    label = {"log_loss": "log loss", "roc_auc": "ROC AUC", "accuracy": "accuracy"}[planted.metric]
    gate = 0 if loss else 1
    before = sorted((planted.run.root / ".pipeline/model-registry").rglob("*"))
    ended = command("run", "--set", f"{name}={gate}", folder=planted.run.root, code=3)
    said = f"No model was registered: the winner {planted.winner} reaches {label} "
    assert said in ended.stderr
    assert f"{name} is {gate}" in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    _, shown = ended.stdout.split("Leaderboard")
    assert ("Note         step alone explains 100% of y (" in shown) == (planted.case == "steps")
    assert sorted((planted.run.root / ".pipeline/model-registry").rglob("*")) == before


@pytest.mark.parametrize("planted", ASKED, indirect=True, ids=" of ".join)
def test_what_was_not_seen_gets_one_of_the_classes_seen(planted: Planted, command) -> None:
    """A category that no row had, a gap, and in the target's column a class that no row had."""
    rows = planted.table.head(20).copy()
    expected = rows["y"].tolist()
    strange = rows.head(2).assign(y="violet")
    if planted.case == "steps":
        strange["step"] = ["s99", None]
    else:
        strange["a"] = [np.nan, 1e30]
    file = planted.run.root / "new.csv"
    pd.concat([rows, strange]).to_csv(file, index=False)
    ended = command("predict", file, "--version", "newest", folder=planted.run.root)
    answers = ended.stdout.split()
    assert len(answers) == 22
    assert {*answers} <= {*KINDS[planted.task]}
    if planted.case == "steps":
        assert answers[:20] == expected


def test_an_exact_tie_goes_to_the_first_listed(tmp_path: Path, new_project) -> None:
    root = new_project(tmp_path / "project")
    add_model(root, "a_copy", "decision_tree")
    shutil.rmtree(root / "models/xgboost")
    table, gate = make_smooth("multiclass").head(200), {"metric": "log_loss", "maximum": 1000.0}
    models = ["decision_tree", "a_copy"]
    plant(root, table, "y", task="multiclass", models=models, selection=gate, **SMALL)
    run = run_project(root)
    assert run.result.status == "Succeeded", run.record.failure_reason
    scores = [entry.cv for entry in run.result.models]
    assert scores[0] == scores[1]
    assert run.result.winner == "decision_tree"
