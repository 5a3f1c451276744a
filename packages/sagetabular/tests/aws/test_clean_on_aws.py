"""`pipeline clean --on aws`: nothing goes that somebody refers to."""

from __future__ import annotations

import sys

import pytest
from terminals import Terminal

PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/test-project"
GROUP = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/test-project"


def arn(name):
    return f"{PIPELINE}/execution/{name}"


@pytest.fixture
def account(aws, deployable):
    aws.knows_who_asks()
    return aws


def has_executions(aws, *names, running=()):
    """Newest first."""
    entries = [
        {
            "PipelineExecutionArn": arn(name),
            "PipelineExecutionStatus": "Executing" if name in running else "Succeeded",
        }
        for name in names
    ]
    aws.answer("sagemaker", "list_pipeline_executions", {"PipelineExecutionSummaries": entries})


def has_versions(aws, *uris, group="test-project"):
    """A group with a version for each of these addresses of models."""
    summary = {
        "ModelPackageGroupName": group,
        "ModelPackageGroupArn": "arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/t",
        "CreationTime": 0,
        "ModelPackageGroupStatus": "Completed",
    }
    for name in sorted({group, "test-project"}):
        found = {"ModelPackageGroupSummaryList": [summary] if name == group else []}
        aws.answer("sagemaker", "list_model_package_groups", found, {"NameContains": name})
    listed = [
        {
            "ModelPackageArn": f"{GROUP}/{number}",
            "ModelPackageVersion": number,
            "CreationTime": 0,
            "ModelPackageStatus": "Completed",
        }
        for number, _ in enumerate(uris, start=1)
    ]
    question = {"ModelPackageGroupName": group, "SortBy": "CreationTime", "SortOrder": "Ascending"}
    aws.answer("sagemaker", "list_model_packages", {"ModelPackageSummaryList": listed}, question)
    for entry, uri in zip(listed, uris, strict=True):
        container = {"Image": "image:1", "ModelDataUrl": uri}
        more = {
            "ModelPackageName": "test-project",
            "ModelPackageStatusDetails": {"ValidationStatuses": []},
            "InferenceSpecification": {"Containers": [container]},
        }
        aws.answer("sagemaker", "describe_model_package", entry | more)


def took_results_from(aws, name, *sources):
    steps = [
        {
            "StepName": f"Step{number}",
            "StepStatus": "Succeeded",
            "CacheHitResult": {"SourcePipelineExecutionArn": arn(source)},
        }
        for number, source in enumerate(sources)
    ]
    aws.answer(
        "sagemaker",
        "list_pipeline_execution_steps",
        {"PipelineExecutionSteps": [*steps, {"StepName": "Own", "StepStatus": "Succeeded"}]},
        {"PipelineExecutionArn": arn(name), "SortOrder": "Ascending"},
    )


def was_started_with(aws, name, **values):
    parameters = [{"Name": key, "Value": value} for key, value in values.items()]
    aws.answer(
        "sagemaker",
        "list_pipeline_parameters_for_execution",
        {"PipelineParameters": parameters},
        {"PipelineExecutionArn": arn(name)},
    )


def has_objects(aws, bucket, prefix, *names):
    contents = [{"Key": prefix + name, "Size": 1000} for name in names]
    asked = {"Bucket": bucket, "Prefix": prefix}
    aws.answer("s3", "list_objects_v2", {"Contents": contents}, asked)


def loses_objects(aws, bucket, prefix, *names, errors=()):
    has_objects(aws, bucket, prefix, *names)
    keys = [{"Key": prefix + name} for name in names]
    asked = {"Bucket": bucket, "Delete": {"Objects": keys, "Quiet": True}}
    aws.answer("s3", "delete_objects", {"Errors": [*errors]}, asked)


def test_only_what_nobody_refers_to_is_removed(pipeline, account):
    """The newest stays, what it took results from, what those did, and what is registered."""
    has_executions(account, "first", "second", "third", "fourth", "fifth")
    was_started_with(account, "second")
    was_started_with(account, "third")
    was_started_with(account, "fourth")
    was_started_with(account, "fifth", Bucket="other-bucket", Prefix="houses")
    has_versions(account, "s3://the-bucket/test-project/executions/fourth/fit/model.tar.gz")
    # The last of those that wait is looked at first.
    took_results_from(account, "fourth")
    took_results_from(account, "first", "second")
    took_results_from(account, "second")
    of_fifth, of_third = "houses/executions/fifth/", "test-project/executions/third/"
    has_objects(account, "other-bucket", of_fifth, "a", "b")
    has_objects(account, "the-bucket", of_third, "c")
    loses_objects(account, "other-bucket", of_fifth, "a", "b")
    loses_objects(account, "the-bucket", of_third, "c")
    ended = pipeline("clean", "--keep", 1, "--on", "aws", "--yes")
    assert ended.code == 0
    assert ended.err.splitlines() == [
        "AWS account 123456789012, region eu-west-1",
        "s3://other-bucket/houses/executions/fifth/: 2 objects, 2,000 bytes",
        "s3://the-bucket/test-project/executions/third/: 1 objects, 1,000 bytes",
    ]
    assert ended.out.splitlines() == [
        "Removed fifth: 2,000 bytes",
        "Removed third: 1,000 bytes",
        "2 executions removed, 3,000 bytes freed.",
    ]


@pytest.fixture
def one_to_remove(account):
    has_executions(account, "old")
    was_started_with(account, "old", Bucket="b-1", Prefix="p")
    has_versions(account)
    has_objects(account, "b-1", "p/executions/old/", "x")
    return account


def test_where_nobody_can_be_asked_nothing_is_removed_without_yes(pipeline, one_to_remove):
    ended = pipeline("clean", "--keep", 0, "--on", "aws")
    assert ended.code == 2
    assert ended.err.splitlines()[-2:] == [
        "1 execution would be removed for good, and nobody can be asked here.",
        "Look at the list, and add --yes; --dry-run only lists.",
    ]


@pytest.mark.parametrize("agreed", [False, True])
def test_on_a_terminal_it_asks(pipeline, one_to_remove, monkeypatch, agreed):
    monkeypatch.setattr(sys, "stdin", Terminal("y" if agreed else "n"))
    if agreed:
        loses_objects(one_to_remove, "b-1", "p/executions/old/", "x")
    ended = pipeline("clean", "--keep", 0, "--on", "aws")
    last = "1 executions removed, 1,000 bytes freed." if agreed else "Nothing was removed."
    assert ended.out.splitlines()[-1].strip() == last


def test_a_dry_run_removes_nothing(pipeline, one_to_remove):
    ended = pipeline("clean", "--keep", 0, "--on", "aws", "--dry-run")
    assert (ended.code, ended.out) == (
        0,
        "Nothing was removed. Without --dry-run: 1 execution, 1,000 bytes.\n",
    )
    assert ended.err.splitlines()[-1] == "s3://b-1/p/executions/old/: 1 objects, 1,000 bytes"


def test_a_group_that_an_execution_was_started_with_is_looked_at_too(pipeline, account):
    has_executions(account, "old")
    was_started_with(account, "old", ModelPackageGroup="elsewhere")
    uri = "s3://the-bucket/test-project/executions/old/fit/model.tar.gz"
    has_versions(account, uri, group="elsewhere")
    took_results_from(account, "old")
    assert pipeline("clean", "--keep", 0, "--on", "aws", "--yes").out.startswith("0 executions")


def test_what_has_nothing_left_is_not_told_again(pipeline, account):
    has_executions(account, "old")
    was_started_with(account, "old", Bucket="b-1", Prefix="p")
    has_versions(account)
    account.answer("s3", "list_objects_v2", {})
    ended = pipeline("clean", "--keep", 0, "--on", "aws")
    assert (ended.code, ended.out) == (0, "0 executions removed, 0 bytes freed.\n")


def test_while_one_runs_nothing_is_removed(pipeline, account):
    has_executions(account, "new", "old", running=["new"])
    ended = pipeline("clean", "--keep", 0, "--on", "aws", "--yes")
    assert ended.code == 2
    assert ended.err.splitlines()[1:] == [
        "No execution may run while others are removed, got new that does.",
        "Wait for its end, or end it with `pipeline stop new`.",
    ]


def test_an_object_that_s3_keeps_is_named(pipeline, one_to_remove):
    error = {"Key": "p/executions/old/x", "Code": "AccessDenied"}
    loses_objects(one_to_remove, "b-1", "p/executions/old/", "x", errors=[error])
    ended = pipeline("clean", "--keep", 0, "--on", "aws", "--yes")
    assert ended.code == 2
    assert ended.err.splitlines()[-2:] == [
        "S3 refused DeleteObjects of p/executions/old/x: AccessDenied.",
        "Check permissions and locks of the bucket, and clean again.",
    ]
