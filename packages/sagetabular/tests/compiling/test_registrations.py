"""The description of a registered version."""

from __future__ import annotations

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


def test_a_model_of_other_rows_has_no_baseline_of_these(example):
    fit = {"inputs": {"train": "s3://elsewhere/rows"}}
    example.change(RIDGE, "steps", {"tune": {}, "fit": fit, "evaluate": {}})
    assert [*registration(example)["ModelMetrics"]] == ["ModelQuality"]


def test_metadata_lead_to_commit_data_execution_and_files(example):
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
