"""What a registered version says of itself."""

from __future__ import annotations

import pytest

RIDGE = "models/ridge/model.yaml"
JSON = "application/json"
FILES = [("Statistics", "/statistics.json"), ("Constraints", "/constraints.json")]


@pytest.fixture
def registration(all_steps):
    """The request of RegisterRidge."""

    def read(example):
        found = all_steps(example.definition()["Steps"])
        requests = {siblings[at]["Name"]: siblings[at].get("Arguments") for siblings, at in found}
        return requests["RegisterRidge"]

    return read


def output(step, name):
    return {"Get": f"Steps.{step}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri"}


def joined(*values):
    return {"Std:Join": {"On": "", "Values": [*values]}}


def test_both_baselines_are_metrics_and_what_drift_is_checked_against(example, registration):
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


def test_a_model_of_other_rows_has_no_baseline_of_these(example, registration):
    fit = {"inputs": {"train": "s3://elsewhere/rows"}}
    example.change(RIDGE, "steps", {"tune": {}, "fit": fit, "evaluate": {}})
    assert [*registration(example)["ModelMetrics"]] == ["ModelQuality"]


def test_metadata_lead_to_commit_data_execution_and_files(example, registration):
    metadata = registration(example)["CustomerMetadataProperties"]
    assert [*metadata] == [
        "model", "commit", "data_fingerprint", "execution_arn", "selection", "data_summary",
    ]  # fmt: skip
    assert metadata["model"] == "ridge"
    assert metadata["commit"] == {"Get": "Parameters.Commit"}
    assert metadata["execution_arn"] == {"Get": "Execution.PipelineExecutionArn"}
    (fingerprint,) = metadata["data_fingerprint"]["Std:Join"]["Values"]
    assert fingerprint["Std:JsonGet"]["Path"] == "fingerprint"
    assert metadata["selection"] == joined(output("Select", "selection"), "/selection.json")
