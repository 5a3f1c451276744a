"""`pipeline registry` on this machine."""

from __future__ import annotations

import pytest

from sagelocal import LocalSageMaker


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
