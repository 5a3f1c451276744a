"""`pipeline registry` on AWS."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

GROUP = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/test-project"
EXECUTION = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/test-project/execution/abcd1111"
CREATED = datetime(2026, 11, 21, 12, tzinfo=UTC)
WHOSE = "AWS account 123456789012, region eu-west-1\n"


def summary(version):
    return {
        "ModelPackageName": "test-project",
        "ModelPackageGroupName": "test-project",
        "ModelPackageVersion": version,
        "ModelPackageArn": f"{GROUP}/{version}",
        "CreationTime": CREATED,
        "ModelPackageStatus": "Completed",
    }


def lists(aws, *versions, group="test-project"):
    asked = {"ModelPackageGroupName": group, "SortBy": "CreationTime", "SortOrder": "Ascending"}
    answer = {"ModelPackageSummaryList": [summary(version) for version in versions]}
    aws.answer("sagemaker", "list_model_packages", answer, asked)


def describes(aws, version, **more):
    answer = {
        **summary(version),
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "ModelApprovalStatus": "PendingManualApproval",
        **more,
    }
    asked = {"ModelPackageName": f"{GROUP}/{version}"}
    aws.answer("sagemaker", "describe_model_package", answer, asked)


@pytest.fixture
def account(aws, deployable):
    aws.knows_who_asks()
    return aws


def test_versions_are_listed_with_model_approval_and_execution(pipeline, account):
    lists(account, 1, 2)
    describes(account, 1, CustomerMetadataProperties={"model": "ridge", "execution_arn": EXECUTION})
    describes(
        account,
        2,
        ModelApprovalStatus="Approved",
        ModelLifeCycle={"Stage": "Staging", "StageStatus": "Approved"},
    )
    ended = pipeline("registry", "list", "--on", "aws")
    rows = [line.split() for line in ended.out.splitlines()]
    assert rows[-2][:4] == ["1", "ridge", "PendingManualApproval", "abcd1111"]
    assert rows[-1][:4] == ["2", "Approved", "for", "Staging"], "somebody else has registered it"
    assert (ended.code, ended.err) == (0, WHOSE)


@pytest.mark.parametrize(
    ("code", "words"),
    [("ResourceNotFound", "gone"), ("ValidationException", "ModelPackageGroup does not exist.")],
)
def test_a_group_that_does_not_exist_yet_has_no_version(pipeline, account, code, words):
    account.refuse("sagemaker", "list_model_packages", code, words)
    ended = pipeline("registry", "list", "--on", "aws")
    assert (ended.code, ended.out.split(".")[0]) == (0, "Nothing is registered yet")
    assert "`pipeline run --on aws`" in ended.out


def test_what_aws_refuses_is_said_in_two_lines(pipeline, account):
    account.refuse("sagemaker", "list_model_packages", "AccessDeniedException", "not you")
    ended = pipeline("registry", "list", "--on", "aws")
    assert ended.code == 2
    assert ended.err.splitlines()[1:] == [
        "SageMaker refused ListModelPackages of test-project: AccessDeniedException: not you",
        "Check which account this is, and your permissions for SageMaker. "
        "`pipeline doctor --on aws` looks closer.",
    ]


@pytest.mark.parametrize(("command", "status"), [("approve", "Approved"), ("reject", "Rejected")])
def test_a_decision_is_about_a_stage_of_life(pipeline, account, command, status):
    lists(account, 1, 2)
    asked = {
        "ModelPackageArn": f"{GROUP}/2",
        "ModelApprovalStatus": status,
        "ModelLifeCycle": {"Stage": "Staging", "StageStatus": status},
    }
    account.answer("sagemaker", "update_model_package", {"ModelPackageArn": f"{GROUP}/2"}, asked)
    ended = pipeline("registry", command, "2", "--stage", "Staging", "--on", "aws")
    assert (ended.code, ended.out) == (0, f"test-project/2 is {status} for Staging.\n")
    assert ended.err == WHOSE, "told before"


def test_an_unknown_version_names_the_known_ones(pipeline, account):
    lists(account, 1, 2)
    ended = pipeline("registry", "approve", "7", "--on", "aws")
    assert ended.code == 2
    assert ended.err.splitlines()[1:] == ["test-project has no version 7.", "It has 1, 2."]


def test_show_tells_what_serves_a_version(pipeline, account):
    lists(account, 1)
    specification = {
        "Containers": [{"Image": "the/image:1", "ModelDataUrl": "s3://b/model.tar.gz"}],
        "SupportedContentTypes": ["text/csv", "application/json"],
    }
    describes(account, 1, InferenceSpecification=specification)
    ended = pipeline("registry", "show", "1", "--on", "aws")
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert {"image the/image:1", "takes text/csv, application/json"} < {*lines}


def test_the_group_of_a_sagemaker_project_is_named_after_it(pipeline, account, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_PROJECT_NAME", "houses")
    monkeypatch.setenv("SAGEMAKER_PROJECT_ID", "p-1")
    lists(account, group="houses-p-1")
    assert pipeline("registry", "list", "--on", "aws").code == 0
