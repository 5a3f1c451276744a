"""Models of any number and shape, from files alone: whole executions."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planting import Run, plant, run_project, search
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from zoo import REGRESSORS, add_pca, add_regressor

pytestmark = pytest.mark.slow

SMALL = {"tuning": {"trials": 2, "parallel": 2}, "split": {"folds": 3}}
LOW = {"by": "cv", "minimum_r2": -1.0}
BY_TEST = {"by": "test", "minimum_r2": -1.0}
# A model without a search.
FIXED = {"steps": ["fit", "evaluate"], "tuning": None, "hyperparameters": {"alpha": 0.1}}


def make_line(rows: int = 240) -> pd.DataFrame:
    """A sum of ten columns: a straight line has it at once, trees and neighbours never."""
    generator = np.random.default_rng(5)
    table = pd.DataFrame(generator.normal(size=(rows, 10)), columns=list("abcdefghij"))
    weights = np.linspace(1, 3, 10)
    return table.assign(y=table.to_numpy() @ weights + generator.normal(scale=0.5, size=rows))


def prepare(root: Path, **conf: object) -> None:
    plant(root, make_line(), "y", **{**SMALL, "selection": LOW, **conf})
    search(root, "decision_tree", {"min_samples_leaf": {"type": "integer", "min": 1, "max": 3}})
    eta = {"type": "continuous", "min": 0.1, "max": 0.3}
    search(root, "xgboost", {"eta": eta}, num_round=15)


def content_of(root: Path) -> dict[str, str]:
    """Every file of a project but for what a run makes."""
    files = [path for path in root.rglob("*") if path.is_file()]
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if ".pipeline" not in path.parts and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory, new_project) -> tuple[Run, set[str]]:
    """Seven models, and the files that the last five have changed."""
    root = new_project(tmp_path_factory.mktemp("seven") / "p")
    prepare(root)
    before = content_of(root)
    for name in REGRESSORS:
        add_regressor(root, name)
    after = content_of(root)
    changed = {path for path in after if after[path] != before.get(path)}
    return run_project(root), changed | ({*before} - {*after})


def test_of_seven_models_the_right_one_wins(seven: tuple[Run, set[str]]) -> None:
    run, _ = seven
    assert run.result.status == "Succeeded", run.record.failure_reason
    assert run.result.winner == "ridge"
    assert run.result.model_package is not None
    assert {entry.name for entry in run.result.models} == {*REGRESSORS, "xgboost", "decision_tree"}
    for entry in run.result.models:
        title = run.record.steps[f"Tune{title_of(run, entry.name)}"].name
        scores = [trial["report"]["r2"] for trial in run.trials(title)]
        assert entry.cv_r2 == max(scores)
    ranking = [entry.cv_r2 for entry in run.result.models]
    assert ranking == sorted(ranking, reverse=True)
    assert ranking[-1] < 0.05 < ranking[0], "the mean learns nothing"


def title_of(run: Run, model: str) -> str:
    """Title of a model, from the step that fitted it."""
    for name, step in run.record.steps.items():
        if name.startswith("Fit") and step.arguments["HyperParameters"]["job_model"] == model:
            return name.removeprefix("Fit")
    raise AssertionError(model)


def test_a_further_model_changes_no_file_outside_its_folder(seven: tuple[Run, set[str]]) -> None:
    _, changed = seven
    assert changed == {
        f"models/{name}/{file}" for name in REGRESSORS for file in ("model.yaml", "model.py")
    }


@pytest.fixture
def lonely(project_root: Path) -> Path:
    """A project with none of the models that came with it."""
    prepare(project_root)
    for name in ("xgboost", "decision_tree"):
        shutil.rmtree(project_root / "models" / name)
    return project_root


def test_components_of_one_unit_are_what_another_learns_from(lonely: Path) -> None:
    add_pca(lonely)
    inputs = {"train": "pca.process.train", "test": "pca.process.test"}
    add_regressor(lonely, "ridge", inputs=inputs)
    run = run_project(lonely)
    assert run.result.status == "Succeeded", run.record.failure_reason
    train, test = (pd.read_parquet(run.output("Preprocess", part)) for part in ("train", "test"))
    rows, columns = train.drop(columns=["_fold", "y"]), list("abcdefghij")
    assert [*rows] == columns
    _, vectors = np.linalg.eigh(np.cov(rows.to_numpy().T))
    axes = vectors[:, ::-1][:, :3]
    reduced = (rows.to_numpy() - rows.to_numpy().mean(axis=0)) @ axes
    alpha = float(run.record.steps["FitRidge"].arguments["HyperParameters"]["alpha"])
    model = Ridge(alpha=alpha).fit(reduced, train["y"])
    predicted = model.predict((test[columns].to_numpy() - rows.to_numpy().mean(axis=0)) @ axes)
    (entry,) = run.result.models
    assert entry.name == "ridge", "a unit without evaluate is not ranked"
    assert entry.test_r2 == pytest.approx(r2_score(test["y"], predicted), abs=1e-9)
    evaluation = run.output("EvaluateRidge", "evaluation")
    manifest = json.loads((evaluation / "manifest.json").read_text())
    assert manifest["features"] == ["component_0", "component_1", "component_2"]


def test_a_model_without_a_search_is_ranked_by_the_test_rows(lonely: Path, pipeline) -> None:
    plant(lonely, make_line(), "y", **SMALL, selection=BY_TEST)
    add_regressor(lonely, "ridge", **FIXED)
    add_regressor(lonely, "mean", steps=["train", "evaluate"], tuning=None)
    run = run_project(lonely)
    assert run.result.status == "Succeeded", run.record.failure_reason
    assert run.result.winner == "ridge"
    assert [(entry.cv_r2, entry.trials) for entry in run.result.models] == [(None, 0), (None, 0)]
    selection = json.loads((run.output("Select", "selection") / "selection.json").read_text())
    assert selection["winner"]["hyperparameters"] == {"alpha": 0.1}
    train, test = (pd.read_parquet(run.output("Preprocess", part)) for part in ("train", "test"))
    columns = list("abcdefghij")
    model = Ridge(alpha=0.1).fit(train[columns], train["y"])
    expected = r2_score(test["y"], model.predict(test[columns]))
    assert run.result.r2 == pytest.approx(expected, abs=1e-9)
    for command in (["report"], ["show", run.record.id], ["compare", run.record.id, run.record.id]):
        assert pipeline(*command, folder=lonely).code == 0, command


LEARN = """
import sys
from sagetabular.jobs.fit import main

assert sys.argv[0].endswith("learn.py"), sys.argv
if __name__ == "__main__":
    main()
"""
COUNT = """
import tarfile
from sagetabular.jobs.runner import base_dir

folder = base_dir() / "processing"
with tarfile.open(folder / "input/model/model.tar.gz") as archive:
    names = sorted(archive.getnames())
(folder / "output/output/names.txt").write_text(" ".join(names))
"""


def test_programs_of_a_folder_run_and_wait_for_what_they_depend_on(lonely: Path) -> None:
    add_regressor(lonely, "ridge", **FIXED)
    fixed = {"strategy": "median"}
    steps = {
        "report": {
            "class": "process",
            "entry_point": "steps/count.py",
            "inputs": {"model": "mean.learn.model"},
        },
        "learn": {"class": "train", "entry_point": "learn.py", "hyperparameters": fixed},
    }
    folder = add_regressor(lonely, "mean", steps=steps, tuning=None)
    (folder / "steps").mkdir()
    (folder / "learn.py").write_text(LEARN)
    (folder / "steps/count.py").write_text(COUNT)
    plant(lonely, make_line(), "y", **SMALL, selection=BY_TEST, dependencies=["ridge >> mean"])
    run = run_project(lonely)
    assert run.result.status == "Succeeded", run.record.failure_reason
    names = (run.output("ReportMean", "output") / "names.txt").read_text()
    assert names == "manifest.json model.skops"
    steps = run.record.steps
    assert steps["LearnMean"].start_time > steps["EvaluateRidge"].end_time
    assert steps["ReportMean"].start_time > steps["LearnMean"].end_time
    assert [entry.name for entry in run.result.models] == ["ridge"]


def test_models_outside_of_the_project_run_like_those_inside(lonely: Path) -> None:
    add_regressor(lonely, "ridge", lonely.parent / "team-a/model", **FIXED | {"name": "ours"})
    add_regressor(lonely, "mean", lonely.parent / "team_b/model", **FIXED | {"hyperparameters": {}})
    plant(lonely, make_line(), "y", **SMALL, selection=BY_TEST, models=["../team*/model"])
    run = run_project(lonely)
    assert run.result.status == "Succeeded", run.record.failure_reason
    assert [entry.name for entry in run.result.models] == ["ours", "team_b"]


AS_CSV = """
from sagetabular.jobs.runner import base_dir
from sagetabular.jobs.tables import read_table

folder = base_dir() / "processing"
rows = read_table(folder / "input/test").drop(columns="y")
rows.to_csv(folder / "output/output/rows.csv", header=False, index=False)
"""


def test_a_created_model_predicts_a_whole_table_as_it_does_row_by_row(lonely: Path) -> None:
    transform = {
        "inputs": {"data": "ridge.process/rows.csv"},
        "strategy": "MultiRecord",
        "split_type": "Line",
        "assemble_with": "Line",
        "accept": "text/csv",
    }
    steps = {
        "process": {"inputs": {"test": "data.preprocess.test"}},
        "fit": {},
        "create": {},
        "transform": transform,
        "evaluate": {},
    }
    folder = add_regressor(lonely, "ridge", **FIXED | {"steps": steps})
    (folder / "process.py").write_text(AS_CSV)
    plant(lonely, make_line(), "y", **SMALL, selection=BY_TEST)
    run = run_project(lonely)
    assert run.result.status == "Succeeded", run.record.failure_reason
    prefix = run.record.steps["TransformRidge"].response["TransformOutput"]["S3OutputPath"]
    lines = run.sagemaker.storage.read_bytes(f"{prefix}/rows.csv.out").decode().split()
    evaluated = pd.read_parquet(run.output("EvaluateRidge", "evaluation") / "predictions.parquet")
    assert [float(line) for line in lines] == evaluated["predicted"].tolist()
