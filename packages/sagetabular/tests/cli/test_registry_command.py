"""`pipeline registry` on this machine."""

from __future__ import annotations

import json

import pytest

from sagelocal import LocalSageMaker
from sagetabular.jobs.scoring.metrics import METRICS as CATALOGUE


def test_an_unknown_version_cannot_be_approved(pipeline, example):
    assert pipeline("registry", "approve", "99").mistake == [
        "There is no model package group test-project.",
        "There are none.",
    ]
    registry = LocalSageMaker(example.root / ".pipeline").registry
    registry.create_model_package({"ModelPackageGroupName": "test-project"})
    assert pipeline("registry", "approve", "99").mistake == [
        "test-project has no version 99.",
        "It has 1.",
    ]
    assert registry.describe("test-project", 1)["ModelApprovalStatus"] == "PendingManualApproval"


@pytest.mark.parametrize(("command", "status"), [("approve", "Approved"), ("reject", "Rejected")])
def test_a_version_is_approved_or_rejected(pipeline, example, command, status):
    registry = LocalSageMaker(example.root / ".pipeline").registry
    registry.create_model_package({"ModelPackageGroupName": "test-project"})
    ended = pipeline("registry", command, "1")
    assert (ended.code, ended.out) == (0, f"test-project/1 is {status} for Production.\n")
    package = registry.describe("test-project", 1)
    assert package["ModelApprovalStatus"] == status
    assert package["ModelLifeCycle"] == {"Stage": "Production", "StageStatus": status}


def test_a_version_says_where_it_comes_from(pipeline, example):
    registry = LocalSageMaker(example.root / ".pipeline").registry
    arn = "arn:aws:sagemaker:local:000000000000:pipeline/test-project/execution/20261121-1"
    source = {"ContentType": "application/json", "S3Uri": "s3://local/baseline/statistics.json"}
    registry.create_model_package(
        {
            "ModelPackageGroupName": "test-project",
            "CustomerMetadataProperties": {"model": "ridge", "execution_arn": arn},
            "DriftCheckBaselines": {"ModelDataQuality": {"Statistics": source}},
            "InferenceSpecification": {
                "Containers": [{"Image": "image:1", "ModelDataUrl": "s3://local/model.tar.gz"}],
                "SupportedContentTypes": ["text/csv"],
            },
        }
    )
    assert pipeline("registry", "approve", "1", "--stage", "Staging").code == 0
    words = [line.split() for line in pipeline("registry", "list").out.splitlines()]
    assert words[-1][:6] == ["1", "ridge", "Approved", "for", "Staging", "20261121-1"]
    shown = [line.split() for line in pipeline("registry", "show", "1").out.splitlines()]
    assert ["artefact", "s3://local/model.tar.gz"] in shown
    assert ["modeldataquality", "statistics", "s3://local/baseline/statistics.json"] in shown


def test_a_stage_that_sagemaker_would_refuse_changes_nothing(pipeline, example):
    registry = LocalSageMaker(example.root / ".pipeline").registry
    registry.create_model_package({"ModelPackageGroupName": "test-project"})
    assert pipeline("registry", "approve", "1", "--stage", "my stage").mistake == [
        "--stage must be up to 63 letters, digits and inner hyphens, got 'my stage'.",
        "Write, for example, --stage Staging.",
    ]
    assert registry.describe("test-project", 1)["ModelApprovalStatus"] == "PendingManualApproval"


EXECUTION = "20261121-120000-abcd"
SAMPLE = "made-up housing sample (6,000 rows, seed 23)"


def register(example, title: str, **metadata) -> LocalSageMaker:
    """Register a version as an execution would whose data have this title."""
    home = example.root / ".pipeline"
    folder = home / "executions" / EXECUTION
    if not folder.exists():
        folder.mkdir(parents=True)
        record = {
            "id": EXECUTION,
            "pipeline_name": "test-project",
            "status": "Succeeded",
            "start_time": "2026-11-21T12:00:00+00:00",
            "metadata": {"data": title},
            "steps": [],
        }
        (folder / "execution.json").write_text(json.dumps(record))
        (folder / "parameters.json").write_text("{}")
    arn = f"arn:aws:sagemaker:local:000000000000:pipeline/test-project/execution/{EXECUTION}"
    sagemaker = LocalSageMaker(home)
    sagemaker.registry.create_model_package(
        {
            "ModelPackageGroupName": "test-project",
            "CustomerMetadataProperties": {"model": "tree", "execution_arn": arn, **metadata},
        }
    )
    return sagemaker


@pytest.mark.parametrize("stage", ["Production", "Staging"])
def test_a_model_of_made_up_data_is_approved_with_yes_alone(pipeline, example, stage):
    registry = register(example, SAMPLE).registry
    assert pipeline("registry", "approve", "1", "--stage", stage).mistake == [
        f"test-project/1 was trained on made-up data: {SAMPLE}.",
        "Train it on yours with `pipeline run`, or approve with --yes.",
    ]
    assert registry.describe("test-project", 1)["ModelApprovalStatus"] == "PendingManualApproval"
    assert pipeline("registry", "reject", "1", "--stage", stage).code == 0
    ended = pipeline("registry", "approve", "1", "--stage", stage, "--yes")
    assert (ended.code, ended.out) == (0, f"test-project/1 is Approved for {stage}.\n")


def test_a_model_of_other_data_is_approved_without_a_word(pipeline, example):
    register(example, "houses.csv")
    assert pipeline("registry", "approve", "1").code == 0


def test_a_list_says_data_target_metric_score_and_stage(pipeline, example):
    facts = {"target": "price", "metric": "test_r2", "score": "0.8246999999999999"}
    register(example, "houses.csv", data="lake.houses", **facts)
    pipeline("registry", "approve", "1", "--stage", "Staging")
    row = pipeline("registry", "list").out.strip().splitlines()[-1]
    assert row.split()[2:5] == ["Approved", "for", "Staging"]
    assert row.split()[6:11] == ["houses.csv", "price", "test", "R²", "0.8247"]
    shown = pipeline("registry", "show", "1").out
    assert "houses.csv" in shown
    assert "0.8246999999999999" in shown


# Metric → its name for readers, and its direction as scikit-learn's scorers have it: `neg_` stands
# before those of which less is better.
METRICS = {
    "r2": ("R²", "higher"),
    "rmse": ("RMSE", "lower"),
    "mae": ("MAE", "lower"),
    "roc_auc": ("ROC AUC", "higher"),
    "average_precision": ("average precision", "higher"),
    "log_loss": ("log loss", "lower"),
    "f1": ("F1", "higher"),
    "accuracy": ("accuracy", "higher"),
    "balanced_accuracy": ("balanced accuracy", "higher"),
    "macro_f1": ("macro F1", "higher"),
}
INCOMPARABLE = "Scores by another metric, or of another target, cannot be compared.\n"


@pytest.mark.parametrize("name", METRICS)
def test_a_score_is_shown_with_its_metric_and_direction(pipeline, example, name):
    label, better = METRICS[name]
    task = {} if name in ("r2", "rmse", "mae") else {"task": "binary"}
    register(example, "a.csv", target="y", metric=f"test_{name}", score="0.125", **task)
    listed = pipeline("registry", "list").out
    lower = ", lower is better" if better == "lower" else ""
    assert f"  test {label}{lower}  0.1250  " in listed
    assert INCOMPARABLE not in listed
    shown = [line.split(maxsplit=1) for line in pipeline("registry", "show", "1").out.splitlines()]
    assert ["metric", f"test {label}, {better} is better"] in shown
    assert ["score", "0.125"] in shown
    assert (["task", "binary"] in shown) is bool(task)


def test_every_metric_of_ours_has_a_direction_there():
    assert {*METRICS} == {*CATALOGUE}


@pytest.mark.parametrize(
    ("first", "second", "comparable"),
    [
        ({"metric": "test_r2"}, {"metric": "test_r2"}, True),
        ({"metric": "test_r2"}, {"metric": "test_rmse"}, False),
        ({"metric": "test_roc_auc"}, {"metric": "test_log_loss"}, False),
        ({"metric": "test_r2"}, {"metric": "test_r2", "target": "rent"}, False),
        ({"metric": "test_r2"}, {"metric": "test_rmse", "score": ""}, True),
        ({"metric": "somebody's"}, {"metric": "somebody's"}, True),
    ],
)
def test_scores_of_different_metrics_or_targets_are_said_not_to_compare(
    pipeline, example, first, second, comparable
):
    facts = {"target": "price", "score": "0.5"}
    register(example, "houses.csv", **facts | first)
    register(example, "houses.csv", **facts | second)
    assert pipeline("registry", "list").out.endswith(INCOMPARABLE) is not comparable


def test_a_metric_of_somebody_else_has_no_direction(pipeline, example):
    register(example, "a.csv", metric="test_elo", score="good")
    assert "test_elo  good" in pipeline("registry", "list").out
    assert "is better" not in pipeline("registry", "show", "1").out


def test_data_are_those_of_the_registration_where_the_execution_is_gone(pipeline, example):
    sagemaker = register(example, "houses.csv", data="lake.houses")
    (sagemaker.execution(EXECUTION).directory / "execution.json").unlink()
    assert "lake.houses" in pipeline("registry", "list").out
