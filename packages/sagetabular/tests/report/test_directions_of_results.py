"""Every metric in its own direction: the better model, trial or execution is called the better."""

from __future__ import annotations

import json

import pytest
from making import Page, Story, make_execution, page_of

from sagelocal import LocalSageMaker
from sagetabular.jobs.scoring.metrics import Metric
from sagetabular.local.leaderboard import read_result
from sagetabular.local.scoring import objective_of, objectives_in
from sagetabular.report.comparison import compare

# Metric → whether more is better, and a task that has it: scikit-learn's user guide, table of
# `scoring`, where losses are those whose names begin with `neg_`.
METRICS = {
    "r2": (True, "regression"),
    "rmse": (False, "regression"),
    "mae": (False, "regression"),
    "roc_auc": (True, "binary"),
    "average_precision": (True, "binary"),
    "log_loss": (False, "multiclass"),
    "f1": (True, "binary"),
    "accuracy": (True, "multiclass"),
    "balanced_accuracy": (True, "multiclass"),
    "macro_f1": (True, "binary"),
}
CLASSES = {"regression": (), "binary": ("no", "yes"), "multiclass": ("red", "green", "blue")}
# What a reader calls it.
NAMES = {
    "r2": "R2", "rmse": "RMSE", "mae": "MAE", "roc_auc": "ROC AUC", "f1": "F1",
    "average_precision": "average precision", "log_loss": "log loss", "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy", "macro_f1": "macro F1",
}  # fmt: skip


def story_of(metric: str, **told) -> Story:
    task = METRICS[metric][1]
    return Story(task=task, metric=metric, classes=CLASSES[task], **told)


def texts_of(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.texts if text.strip()]


@pytest.mark.parametrize("metric", METRICS)
def test_the_best_trial_and_the_best_so_far_are_the_best_by_the_metric(tmp_path, metric):
    scores = (0.5, None, 0.9, 0.2, 0.7)
    best, so_far = (
        (3, ["0.5000", "-", "0.9000", "0.9000", "0.9000"])
        if METRICS[metric][0]
        else (4, ["0.5000", "-", "0.5000", "0.2000", "0.2000"])
    )
    page = page_of(tmp_path, make_execution(tmp_path, story_of(metric, scores=scores)))
    texts = texts_of(page)
    (said,) = {text for text in texts if text.startswith("Best: trial")}
    score = f"{scores[best - 1]:.5g}" if metric in ("rmse", "mae") else f"{scores[best - 1]:.4f}"
    assert said.startswith(f"Best: trial {best} with {NAMES[metric]} {score}")
    assert ("lower is better" in said) is not METRICS[metric][0]
    start = texts.index("Trials")
    shown = [texts[start + 7 + 6 * row + 2] for row in range(len(scores))]
    assert [text[:6] for text in shown] == so_far


@pytest.mark.parametrize("metric", METRICS)
def test_a_better_score_is_an_improvement_and_a_worse_one_is_none(tmp_path, metric):
    first = make_execution(tmp_path, story_of(metric))
    higher = make_execution(tmp_path, story_of(metric, shift=0.05))
    sagemaker = LocalSageMaker(tmp_path)
    for before, after, more in ((first, higher, True), (higher, first, False)):
        found = compare(sagemaker, before, after).as_dict()
        (model,) = found["models"]
        assert model["cv"]["change"] == pytest.approx(0.05 if more else -0.05)
        assert model["cv"]["improved"] is (more is METRICS[metric][0])
        assert found["comparable"]["cv"] is True
    assert compare(sagemaker, first, first).as_dict()["models"][0]["cv"]["improved"] is False


@pytest.mark.parametrize("metric", ["rmse", "mae", "log_loss"])
def test_compare_says_of_a_loss_what_its_change_means(tmp_path, metric):
    first, second = (
        make_execution(tmp_path, story_of(metric, shift=shift)) for shift in (0.0, 0.05)
    )
    sagemaker = LocalSageMaker(tmp_path)
    worse, better = compare(sagemaker, first, second), compare(sagemaker, second, first)
    (row,), _ = (table.rows for table in worse.score_tables())
    assert row[-1].startswith("+0.05") and row[-1].endswith(", worse")
    (row,), _ = (table.rows for table in better.score_tables())
    assert row[-1].startswith("-0.05") and row[-1].endswith(", better")
    assert worse.score_tables()[0].title == (f"Cross-validated {NAMES[metric]} (lower is better)")


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_of_the_task_is_in_the_page_and_the_selecting_one_is_marked(tmp_path, metric):
    task = METRICS[metric][1]
    record = make_execution(tmp_path, story_of(metric))
    texts = texts_of(page_of(tmp_path, record))
    # Which metrics a task has: the issue that asked for them.
    known = {
        "regression": {"R2", "RMSE", "MAE"},
        "binary": {"ROC AUC", "Average precision", "Log loss", "F1", "Accuracy",
                   "Balanced accuracy", "Macro F1"},
        "multiclass": {"Accuracy", "Balanced accuracy", "Macro F1", "Log loss", "ROC AUC"},
    }[task]  # fmt: skip
    start = texts.index("Scores on the test rows")
    rows = [texts[start + 4 + 3 * row :][:3] for row in range(len(known))]
    assert {name.removesuffix(" (selects the winner)") for name, *_ in rows} == known
    (marked,) = [row for row in rows if row[0].endswith(" (selects the winner)")]
    assert marked[0].lower().startswith(NAMES[metric].lower())
    assert marked[1] == ("higher" if METRICS[metric][0] else "lower")
    assert f"Test {NAMES[metric]}" in texts


@pytest.mark.parametrize("metric", METRICS)
def test_the_result_has_task_metric_and_score_and_keys_of_r2_for_r2_alone(tmp_path, metric):
    record = make_execution(tmp_path, story_of(metric))
    found = read_result(LocalSageMaker(tmp_path), record).as_dict()
    assert (found["task"], found["metric"]) == (METRICS[metric][1], metric)
    (model,) = found["models"]
    assert (model["cv"], model["cv_std"]) == (0.81, 0.01)
    assert model["test"] == found["score"]
    r2 = {"r2"} & found.keys() | {"cv_r2", "cv_r2_std", "test_r2"} & model.keys()
    assert r2 == ({"r2", "cv_r2", "cv_r2_std", "test_r2"} if metric == "r2" else set())
    if metric == "r2":
        assert (found["r2"], model["cv_r2"], model["test_r2"]) == (0.7654, 0.81, 0.7654)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("metric", METRICS)
def test_before_select_the_metric_is_what_was_asked_for(tmp_path, metric):
    record = make_execution(tmp_path, story_of(metric))
    del record.steps["Select"]
    found = read_result(LocalSageMaker(tmp_path), record)
    assert (found.metric, found.score, found.models) == (metric, None, [])
    assert found.task == METRICS[metric][1]
    (objective,) = objectives_in(record.definition()).values()
    assert (objective.name, objective.greater_is_better) == (metric, METRICS[metric][0])


def test_a_search_for_something_of_ones_own_goes_where_its_type_says():
    objective = {"MetricName": "validation:auc", "Type": "Minimize"}
    config = {"HyperParameterTuningJobObjective": objective}
    found = objective_of({"HyperParameterTuningJobConfig": config})
    assert found == Metric("validation:auc", "validation:auc", False, ())
    assert objective_of({}).label == "score"
