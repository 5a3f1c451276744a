"""Planted data: whoever must win is registered, and nobody else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planting import plant, run_project, search

from sagetabular.project import find_project
from sagetabular.project.models import add_model

pytestmark = pytest.mark.slow

QUICK_TREE = {"min_samples_leaf": {"type": "integer", "min": 1, "max": 3}}
QUICK_BOOSTER = {"eta": {"type": "continuous", "min": 0.1, "max": 0.3}}
SMALL = {"tuning": {"trials": 2, "parallel": 2}, "split": {"folds": 3}}


def make_steps(rows: int = 900) -> pd.DataFrame:
    """A constant for each of 20 steps, without noise: a tree is exact, shrunken boosting is not."""
    generator = np.random.default_rng(3)
    step, levels = np.arange(rows) % 20, generator.normal(size=20)
    return pd.DataFrame({"step": step, "noise": generator.normal(size=rows), "y": levels[step]})


def make_smooth(rows: int = 1200) -> pd.DataFrame:
    """A sum of eight smooth effects: boosting adds them up, one tree runs out of rows."""
    generator = np.random.default_rng(4)
    table = pd.DataFrame(generator.uniform(-2, 2, size=(rows, 8)), columns=list("abcdefgh"))
    return table.assign(y=np.sin(table).sum(axis=1) + generator.normal(scale=0.1, size=rows))


def prepare(root: Path, table: pd.DataFrame, **conf: object) -> None:
    plant(root, table, "y", **{**SMALL, **conf})
    search(root, "decision_tree", QUICK_TREE)
    search(root, "xgboost", QUICK_BOOSTER, num_round=40)


@pytest.mark.parametrize(
    ("make", "winner", "useful"),
    [(make_steps, "decision_tree", ["step"]), (make_smooth, "xgboost", list("abcdefgh"))],
)
def test_the_model_that_must_win_is_registered(
    project_root: Path, make, winner: str, useful: list[str]
) -> None:
    prepare(project_root, make())
    run = run_project(project_root)
    assert run.result.status == "Succeeded", run.record.failure_reason
    assert run.result.winner == winner
    (package,) = run.sagemaker.registry.packages(find_project(project_root).settings.pipeline.name)
    assert package["CustomerMetadataProperties"]["model"] == winner
    assert run.result.model_package == f"{package['ModelPackageGroupName']}/1"
    fitted = run.record.steps[f"Fit{'DecisionTree' if winner == 'decision_tree' else 'XGBoost'}"]
    (container,) = package["InferenceSpecification"]["Containers"]
    assert container["ModelDataUrl"] == fitted.response["ModelArtifacts"]["S3ModelArtifacts"]
    check_argmax(run)
    check_importance(run, useful)


def check_importance(run, useful: list[str]) -> None:
    """The columns that make the target have the importance, to equal shares."""
    for title in ("DecisionTree", "XGBoost"):
        folder = run.output(f"Evaluate{title}", "evaluation")
        shares = json.loads((folder / "importance.json").read_text())
        assert sum(shares.values()) == pytest.approx(1)
        assert sum(shares[name] for name in useful) > 0.95
        assert min(shares[name] for name in useful) > 0.5 / len(useful)


def check_argmax(run) -> None:
    """Recompute every trial's R2 from its out-of-fold predictions, and the winner from those."""
    best = {}
    for step, model in {"TuneDecisionTree": "decision_tree", "TuneXGBoost": "xgboost"}.items():
        scores = []
        for trial in run.trials(step):
            folds = trial["predictions"].groupby("fold")
            by_fold = folds.apply(
                lambda rows: (
                    1
                    - ((rows["actual"] - rows["predicted"]) ** 2).sum()
                    / ((rows["actual"] - rows["actual"].mean()) ** 2).sum()
                ),
                include_groups=False,
            )
            assert by_fold.mean() == pytest.approx(trial["report"]["r2"], rel=1e-9)
            scores.append(by_fold.mean())
        best[model] = max(scores)
        tuned = run.record.steps[step].response["BestTrainingJob"]
        assert tuned["TrainingJobName"].endswith(f"-{int(np.argmax(scores)) + 1:03d}")
    assert max(best, key=best.get) == run.result.winner
    for entry in run.result.models:
        assert entry.cv_r2 == pytest.approx(best[entry.name], rel=1e-9)


def test_an_exact_tie_goes_to_the_first_listed(project_root: Path) -> None:
    prepare(project_root, make_smooth(200))
    add_model(project_root, "a_copy", "decision_tree")
    shutil.rmtree(project_root / "models/xgboost")
    plant(project_root, make_smooth(200), "y", **SMALL, models=["decision_tree", "a_copy"])
    run = run_project(project_root, MinimumR2=-9)
    scores = [entry.cv_r2 for entry in run.result.models]
    assert scores[0] == scores[1]
    assert run.result.winner == "decision_tree"
    assert run.result.model_package is not None


def test_a_gate_that_nobody_passes_registers_nothing(project_root: Path, pipeline) -> None:
    prepare(project_root, make_smooth(300))
    ended = pipeline("run", "--set", "MinimumR2=1.5", folder=project_root)
    assert ended.code == 3
    assert "No model was registered: the winner xgboost reaches R2 0." in ended.err
    assert "MinimumR2 is 1.5" in ended.err
    assert "Traceback" not in ended.err
    assert not (project_root / ".pipeline/model-registry").exists()
