"""The template's project on the tasks that are not its own: the same two files a model do them."""

from __future__ import annotations

import json
import math

import pytest
import yaml

from sagetabular.testing import run_small

pytestmark = pytest.mark.slow
TASKS = {
    "binary": (
        {"task": "binary", "selection": {"minimum": 0.7}},
        {"positive": "yes", "class_weights": {"yes": 2}, "weights": "households"},
        {"monotone_constraints": {"longitude": 1}, "scale_pos_weight": 1.5},
    ),
    "multiclass": (
        {"task": "multiclass", "selection": {"metric": "log_loss", "maximum": 0.5}},
        {"class_weights": "balanced"},
        {"monotone_constraints": {"longitude": 1}, "objective": "multi:softprob"},
    ),
}


@pytest.fixture
def project(new_project, tmp_path):
    """Make the template's project, with a task that has weights and constraints of its own."""

    def make(task: str):
        root = new_project(tmp_path / "project")
        top, data, fixed = TASKS[task]
        conf = yaml.safe_load((root / "conf/pipeline.yaml").read_text())
        conf |= {**top, "split": {"folds": 2}, "data": conf["data"] | data}
        conf["data"]["columns"][conf["data"]["target"]] = "category"
        (root / "conf/pipeline.yaml").write_text(yaml.safe_dump(conf, sort_keys=False))
        model = yaml.safe_load((root / "models/xgboost/model.yaml").read_text())
        model["hyperparameters"] = {"num_round": 30, **fixed}
        (root / "models/xgboost/model.yaml").write_text(yaml.safe_dump(model, sort_keys=False))
        return root

    return make


@pytest.mark.parametrize("task", TASKS)
def test_two_files_a_model_reach_the_registry_for_any_task(project, tmp_path, task) -> None:
    run = run_small(project(task), tmp_path / "copy", rows=300, trials=1)
    assert (run.status, run.reason) == ("Succeeded", "")
    assert run.model_package
    assert ({*run.scores}, run.r2) == ({"decision_tree", "xgboost"}, {})
    # Better than knowing the shares: a ROC AUC of 0.5, or the entropy of three classes.
    best = run.scores[run.winner]
    assert best > 0.8 if task == "binary" else best < math.log(3)
    given = [*run.root.rglob("manifest.json")]
    assert {json.loads(file.read_text())["task"] for file in given} == {task}
