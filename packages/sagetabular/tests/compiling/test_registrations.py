"""The description of a registered version."""

from __future__ import annotations

import pytest
from definitions import steps_of

RIDGE = "models/ridge/model.yaml"
JSON = "application/json"
FILES = [("Statistics", "/statistics.json"), ("Constraints", "/constraints.json")]


def registration(example):
    """The request of RegisterRidge."""
    return steps_of(example.definition())["RegisterRidge"]["Arguments"]


def output(step, name):
    return {"Get": f"Steps.{step}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri"}


def joined(*values):
    return {"Std:Join": {"On": "", "Values": [*values]}}


def test_both_baselines_are_metrics_and_what_drift_is_checked_against(example):
    package = registration(example)
    expected = {
        "ModelDataQuality": {
            kind: {"ContentType": JSON, "S3Uri": joined(output("Preprocess", "baseline"), name)}
            for kind, name in FILES
        },
        "ModelQuality": {
            "Statistics": {
                "ContentType": JSON,
                "S3Uri": joined(output("EvaluateRidge", "evaluation"), "/evaluation.json"),
            }
        },
    }  # fmt: skip
    assert package["ModelMetrics"] == package["DriftCheckBaselines"] == expected


ROWS = "s3://elsewhere/rows"
NOTE = (
    "Note: models/ridge/model.yaml: steps.register: the model was trained on other channels than "
    "data.preprocess.train, so it is registered without data fingerprint and data-quality baseline."
)


@pytest.mark.parametrize(
    "steps",
    [
        {"tune": {}, "fit": {"inputs": {"train": ROWS}}, "evaluate": {}},
        {"tune": {}, "fit": {"inputs": {"more": ROWS}}, "evaluate": {}},
        {"tune": {}, "fit": {"inputs": {"more": {"files": [f"{ROWS}.csv"]}}}, "evaluate": {}},
        # As an import of another framework writes it: a channel of its own beside `train`.
        {"train": {"inputs": {"training": ROWS, "validation": ROWS}}, "register": {}},
        {
            "prepare": {
                "class": "process",
                "entry_point": "steps/shape.py",
                "inputs": {"raw": ROWS},
                "outputs": ["table"],
            },
            "tune": {},
            "fit": {"inputs": {"more": "ridge.prepare.table"}},
            "evaluate": {},
        },
    ],
    ids=["train", "another channel", "files", "an import", "by a step"],
)
def test_a_model_of_other_rows_has_no_lineage_of_these_and_that_is_said(example, pipeline, steps):
    example.write("models/ridge/steps/shape.py", "")
    example.change(RIDGE, "steps", steps)
    package = registration(example)
    for baselines in ("ModelMetrics", "DriftCheckBaselines"):
        assert {*package.get(baselines, {})} <= {"ModelQuality"}
    about_rows = {"data", "data_fingerprint", "data_summary"}
    assert not about_rows & {*package["CustomerMetadataProperties"]}
    assert NOTE in pipeline("compile", "-o", "definition.json").err.splitlines()


def test_a_model_of_this_project_s_rows_by_way_of_a_step_keeps_them(example, pipeline):
    example.write("models/ridge/steps/shape.py", "")
    prepare = {
        "class": "process",
        "entry_point": "steps/shape.py",
        "inputs": {"raw": "data.preprocess.train"},
        "outputs": ["table"],
    }
    fit = {"inputs": {"more": "ridge.prepare.table"}}
    example.change(RIDGE, "steps", {"prepare": prepare, "tune": {}, "fit": fit, "evaluate": {}})
    package = registration(example)
    assert [*package["ModelMetrics"]] == ["ModelDataQuality", "ModelQuality"]
    assert "data_fingerprint" in package["CustomerMetadataProperties"]
    assert "was trained on other" not in pipeline("compile", "-o", "definition.json").err


def test_metadata_lead_to_commit_data_execution_and_files(example):
    metadata = registration(example)["CustomerMetadataProperties"]
    assert [*metadata] == [
        "model", "commit", "target", "metric", "score", "data", "data_fingerprint",
        "data_summary", "execution_arn", "selection",
    ]  # fmt: skip
    assert metadata["model"] == "ridge"
    assert metadata["commit"] == {"Get": "Parameters.Commit"}
    assert metadata["execution_arn"] == {"Get": "Execution.PipelineExecutionArn"}
    (fingerprint,) = metadata["data_fingerprint"]["Std:Join"]["Values"]
    assert fingerprint["Std:JsonGet"]["Path"] == "fingerprint"
    assert metadata["selection"] == joined(output("Select", "selection"), "/selection.json")


CLASSES = {"data.target": "district", "data.drop": [], "tracking": "mlflow"}
# Task and metric → what else conf/pipeline.yaml says; description, and facts of the version.
TASKS = {
    ("regression", "r2"): ({}, "Ridge predicts price", {}),
    ("regression", "rmse"): ({"selection.maximum": 30_000}, "Ridge predicts price", {}),
    ("binary", "log_loss"): (
        {**CLASSES, "data.positive": "north", "selection.maximum": 0.5},
        "Ridge predicts district (binary)",
        {"task": "binary"},
    ),
    ("multiclass", "macro_f1"): (
        {**CLASSES, "selection.minimum": 0.5},
        "Ridge predicts district (multiclass)",
        {"task": "multiclass"},
    ),
}


@pytest.mark.parametrize(("task", "metric"), TASKS)
def test_a_version_names_its_task_metric_and_score(example, task: str, metric: str) -> None:
    conf, description, facts = TASKS[task, metric]
    example.change("conf/pipeline.yaml", "task", task)
    example.change("conf/pipeline.yaml", "selection", {"metric": metric})
    for field, value in conf.items():
        example.change("conf/pipeline.yaml", field, value)
    package = registration(example)
    assert package["ModelPackageDescription"] == description
    metadata = package["CustomerMetadataProperties"]
    assert metadata["metric"] == f"test_{metric}"
    (score,) = metadata["score"]["Std:Join"]["Values"]
    assert score["Std:JsonGet"]["Path"] == f"winner.test_{metric}"
    assert {name: metadata[name] for name in metadata.keys() & {"task"}} == facts
    quality = package["ModelMetrics"]["ModelQuality"]["Statistics"]
    assert quality["S3Uri"]["Std:Join"]["Values"][-1] == "/evaluation.json"


def test_regression_by_r2_is_registered_as_it_was(example, definition) -> None:
    before = steps_of(definition)["RegisterRidge"]["Arguments"]
    example.change("conf/pipeline.yaml", "task", "regression")
    example.change("conf/pipeline.yaml", "selection", {"metric": "r2", "minimum": 0.6})
    assert registration(example) == before
