"""`pipeline upsert` where a value is missing, or AWS refuses: two lines each."""

from __future__ import annotations

import pytest
from upserting import objects


def test_a_missing_variable_is_told_before_anybody_is_asked(pipeline, aws, deployable, monkeypatch):
    monkeypatch.delenv("BUCKET")
    assert pipeline("upsert").mistake == [
        "conf/aws.yaml: Bucket is the variable BUCKET, which is not set.",
        "Export it; `pipeline run` also takes --set Bucket=VALUE.",
    ]


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (["upsert"], "ROLE (RoleArn), BUCKET (Bucket)"),
        (["run", "--on", "aws"], "ROLE (RoleArn), BUCKET (Bucket), IMAGE (ImageUri), JOBS (JobsI"),
    ],
    ids=["upsert", "run"],
)
def test_all_missing_variables_are_told_at_once(
    pipeline, aws, deployable, monkeypatch, command, named
):
    for name in ("ROLE", "BUCKET", "IMAGE", "JOBS"):
        monkeypatch.delenv(name)
    rule, remedy = pipeline(*command).mistake
    assert rule.startswith(f"conf/aws.yaml: these variables are not set: {named}")
    assert remedy == "Export them; `pipeline run` also takes --set NAME=VALUE for each."
    deployable.change("conf/aws.yaml", "environment.RoleArn", remove=True)
    rule, _ = pipeline(*command).mistake
    assert rule.startswith(
        "conf/aws.yaml: environment must name variables of RoleArn; these variables are not set: BU"
    )


def test_a_parameter_without_a_variable_is_told(pipeline, aws, deployable):
    deployable.change("conf/aws.yaml", "environment.RoleArn", remove=True)
    rule, remedy = pipeline("upsert").mistake
    assert rule == "conf/aws.yaml: environment must name the variable of RoleArn, got none."
    assert remedy == "Add it there, or give --set RoleArn=VALUE."


@pytest.mark.parametrize(
    ("code", "rule", "remedy"),
    [
        (
            "NoSuchBucket",
            "S3 refused PutObject in the-bucket: NoSuchBucket: no",
            "Correct the buck",
        ),
        ("AccessDenied", "S3 refused PutObject in the-bucket: AccessDenied: no", "Check which acc"),
        ("ExpiredToken", "AWS credentials must be valid, got ExpiredToken: no", "Sign in (`aws"),
    ],
)
def test_what_s3_refuses_is_told_in_two_lines(pipeline, aws, compiled_here, code, rule, remedy):
    aws.knows_who_asks()
    for _ in objects(compiled_here):
        aws.refuse("s3", "head_object", "404")
    aws.refuse("s3", "put_object", code)
    ended = pipeline("upsert")
    assert (ended.code, ended.out) == (2, "")
    found_rule, found_remedy = ended.err.splitlines()[-2:]
    assert (found_rule, found_remedy[: len(remedy)]) == (rule, remedy)


def test_a_missing_role_is_told_in_sagemakers_words(pipeline, aws, compiled_here):
    aws.knows_who_asks()
    aws.has_objects(len(objects(compiled_here)), stored=False)
    aws.refuse("sagemaker", "describe_pipeline", "ResourceNotFound")
    aws.refuse("sagemaker", "create_pipeline", "ValidationException", "Role\ndoes not exist")
    rule, remedy = pipeline("upsert").err.splitlines()[-2:]
    assert rule == "SageMaker refused CreatePipeline: ValidationException: Role does not exist"
    assert "permissions for SageMaker" in remedy


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId"])
def test_credentials_that_are_not_valid_are_told_in_two_lines(pipeline, aws, deployable, code):
    aws.refuse("sts", "get_caller_identity", code, "The security token is expired")
    assert pipeline("upsert").mistake == [
        f"AWS credentials must be valid, got {code}: The security token is expired",
        "Sign in (`aws sso login`), or set AWS_PROFILE.",
    ]


@pytest.mark.parametrize("command", [["upsert"], ["run", "--on", "aws"], ["stop", "x"]])
def test_without_credentials_every_command_says_so(pipeline, deployable, monkeypatch, command):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert pipeline(*command).mistake == [
        "AWS credentials are needed, none were found.",
        "Sign in (`aws sso login`), or set AWS_PROFILE.",
    ]


def test_a_profile_that_is_not_configured_is_told_in_two_lines(pipeline, deployable, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    rule, _ = pipeline("upsert").mistake
    assert "nobody" in rule and rule.startswith("AWS credentials must be valid, got: ")
