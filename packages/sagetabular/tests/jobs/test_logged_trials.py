"""What Track reads from the files of an execution, for every task, and of earlier releases."""

from __future__ import annotations

import json
import shutil
import tarfile

import pytest
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.trials.logged import read_execution, read_scoring
from sagetabular.tracking.experiments_client import Content
from sagetabular.tracking.experiments_tracker import _of_execution, _of_trial, component_name

# The names that scikit-learn's functions have, and the tasks that they are defined for.
NAMES = {
    "regression": ("r2", "rmse", "mae", "mse"),
    "binary": (
        "roc_auc", "average_precision", "log_loss", "f1", "accuracy", "balanced_accuracy",
        "macro_f1",
    ),
    "multiclass": ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "roc_auc"),
}  # fmt: skip
CASES = [(task, metric) for task, names in NAMES.items() for metric in names if metric != "mse"]
HYPERPARAMETERS = {"depth": 3, "kind": "gini"}


def report(task, metric, *, folds=3, told=True):
    """A `cv.json`, each of whose numbers occurs once."""
    names = NAMES[task]
    means = {name: 0.5 + place / 100 for place, name in enumerate(names)}
    scores = [{"fold": fold, "rows": 10 + fold,
               **{name: fold + place / 100 for place, name in enumerate(names)}}
              for fold in range(folds)]  # fmt: skip
    about = {"task": task, "metric": metric} if told else {}
    classes = {} if task == "regression" else {"classes": ["a <b>", "mean"]}
    return {
        "model": "tree", "hyperparameters": HYPERPARAMETERS, "seed": 1, **about, **classes, **means,
        f"{metric}_std": 0.125 if folds > 1 else None, "folds": scores,
        "seconds": [0.25 * (fold + 1) for fold in range(folds)],
    }  # fmt: skip


def selection(task, metric, *, told=True):
    """A `selection.json` of two models, of which one was fitted without a search."""
    names = [name for name in NAMES[task] if name != "mse"]
    ranking = [
        {
            "model": model, f"cv_{metric}": cv, f"cv_{metric}_std": cv and 0.25,
            **{f"test_{name}": start + place / 100 for place, name in enumerate(names)},
            "hyperparameters": HYPERPARAMETERS,
        }
        for model, cv, start in (("tree", 0.75, 1.0), ("ridge", None, 2.0))
    ]  # fmt: skip
    about = {"task": task, "metric": metric} if told else {}
    return {"by": "test", **about, "winner": ranking[0], "ranking": ranking}


@pytest.fixture
def read(tmp_path):
    """Read an execution whose files are made for the test."""

    def run(selection, *reports):
        inputs = tmp_path / "input"
        shutil.rmtree(inputs, ignore_errors=True)
        (inputs / "selection").mkdir(parents=True)
        (inputs / "selection/selection.json").write_text(json.dumps(selection))
        for number, content in enumerate(reports, start=1):
            file = tmp_path / "cv.json"
            file.write_text(json.dumps(content))
            folder = inputs / f"trials-tree/tune-{number:03}/output"
            folder.mkdir(parents=True)
            with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
                archive.add(file, "cv.json")
        return read_execution(
            inputs,
            tmp_path / "unpacked",
            name="e1",
            pipeline="test-project",
            parameters={"Folds": "3"},
            tags={"commit": "none"},
            tuning_jobs={"tree": "tune"},
            addresses={"selection": "s3://b/select", "trials-tree": "s3://b/tune/"},
        )

    return run


@pytest.mark.parametrize(("task", "metric"), CASES)
def test_all_metrics_of_the_task_are_logged_of_trials_folds_and_models(read, task, metric) -> None:
    chosen, one, two = selection(task, metric), report(task, metric), report(task, metric, folds=1)
    execution = read(chosen, one, two)
    assert execution.tags == {"commit": "none", "task": task, "metric": metric}
    assert execution.parameters == {"Folds": "3", "selection.by": "test", "winner": "tree"}
    # Every number of the file, and nothing else.
    expected = {f"{entry['model']}.{name}": value for entry in chosen["ranking"]
                for name, value in entry.items() if isinstance(value, float)}  # fmt: skip
    winner = chosen["winner"]
    expected |= {name: winner[name] for name in (f"cv_{metric}", f"test_{metric}")}
    assert execution.metrics == expected
    for trial, file in zip(execution.trials, (one, two), strict=True):
        assert trial.tags == {"task": task, "metric": metric}
        means = {name: value for name, value in file.items() if isinstance(value, float)}
        assert trial.metrics == means | {"seconds": sum(file["seconds"])}
        assert (f"{metric}_std" in trial.metrics) is (len(file["folds"]) > 1)
        series = {f"fold_{name}": [fold[name] for fold in file["folds"]] for name in NAMES[task]}
        assert trial.fold_metrics == series | {"fold_seconds": file["seconds"]}


def test_files_of_earlier_releases_are_those_of_r2(read) -> None:
    now = read(selection("regression", "r2"), report("regression", "r2"))
    before = read(selection("regression", "r2", told=False), report("regression", "r2", told=False))
    assert before == now
    assert before.metrics["cv_r2"] == 0.75
    assert read_scoring({}).tags == {"task": "regression", "metric": "r2"}


def test_a_score_that_a_file_lacks_is_left_out(read) -> None:
    file = report("binary", "roc_auc")
    for place in (file, *file["folds"]):
        del place["macro_f1"]
    (trial,) = read(selection("binary", "roc_auc"), file).trials
    assert "fold_macro_f1" not in trial.fold_metrics
    assert {"f1", "fold_f1"} <= {*trial.metrics, *trial.fold_metrics}


def test_a_tuning_job_without_an_archive_is_named(read) -> None:
    with pytest.raises(JobError, match="no trial of the tuning job tune has left an archive"):
        read(selection("binary", "f1"))


def check_content(content: Content, name: str) -> None:
    """Compare a trial component with the limits that botocore's description of the API has."""
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    numbers = Loader().load_service_model("sagemaker-metrics", "service-2")["shapes"]
    assert len(content.parameters) <= shapes["TrialComponentParameters"]["max"]
    for key, value in content.parameters.items():
        assert len(key) <= shapes["TrialComponentKey320"]["max"]
        assert len(str(value)) <= shapes["StringParameterValue"]["max"]
    for metric, step, value in content.metrics:
        assert 1 <= len(metric) <= numbers["MetricName"]["max"]
        assert metric.isascii()
        assert step >= 0
        assert isinstance(value, float)
    assert len(name) <= shapes["ExperimentEntityName"]["max"]


@pytest.mark.parametrize("task", NAMES)
def test_experiments_take_what_is_logged(read, task: str) -> None:
    metric = NAMES[task][0]
    execution = read(selection(task, metric), report(task, metric, folds=50))
    whole, (trial,) = _of_execution(execution), execution.trials
    check_content(whole, component_name(execution.name))
    assert whole.parameters.items() >= {"tags.task": task, "tags.metric": metric}.items()
    of_trial = _of_trial(execution, trial)
    check_content(of_trial, component_name(execution.name, trial.name))
    assert of_trial.parameters.items() >= {"tags.task": task, "tags.metric": metric}.items()
    series = [value for name, _, value in of_trial.metrics if name == f"fold_{metric}"]
    assert series == trial.fold_metrics[f"fold_{metric}"]


@given(st.sampled_from(CASES), st.booleans())
def test_whatever_the_metric_its_task_has_it(case, told) -> None:
    task, metric = case
    scoring = read_scoring({"task": task, "metric": metric} if told else {"task": task})
    assert scoring.metric in scoring.names
    assert {*scoring.names} == {*NAMES[task]}
