"""`pipeline upsert`, against AWS's answers as botocore's own shapes."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.stub import ANY

from pipelines.cloud.pipelines import INLINE_LIMIT, Pipelines, Wanted
from pipelines.cloud.uploading import Bucket

PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/test-project"
ROLE = "arn:aws:iam::123456789012:role/pipelines"
DESCRIPTION = "test-project predicts price. Commit none"


@pytest.fixture
def compiled_here(deployable):
    return deployable.compile()


def objects(compiled, prefix="test-project"):
    return {f"{prefix}/{key}": body for key, body in compiled.assets.objects().items()}


def request(compiled, **more):
    return {
        "PipelineName": "test-project",
        "PipelineDescription": DESCRIPTION,
        "RoleArn": ROLE,
        "PipelineDefinition": compiled.definition.decode(),
        **more,
    }


def standing(compiled, **changed):
    """What SageMaker says of a pipeline that is as wanted, its JSON written in another way."""
    return {
        "PipelineArn": PIPELINE,
        "RoleArn": ROLE,
        "PipelineDescription": DESCRIPTION,
        "PipelineDefinition": json.dumps(json.loads(compiled.definition)),
        **changed,
    }


def test_the_first_upsert_sends_everything_and_makes_the_pipeline(pipeline, aws, compiled_here):
    aws.knows_who_asks()
    aws.lacks_objects(objects(compiled_here))
    aws.refuse("sagemaker", "describe_pipeline", "ResourceNotFound")
    asked = request(compiled_here, Tags=[])
    aws.answer("sagemaker", "create_pipeline", {"PipelineArn": PIPELINE}, asked)
    ended = pipeline("upsert")
    assert (ended.code, ended.out) == (0, f"{PIPELINE}\n"), ended
    said = ended.err.splitlines()
    assert said[:-2] == [
        "AWS account 123456789012, region eu-west-1",
        "As          arn:aws:iam::123456789012:user/me",
        "Pipeline    test-project",
        "Role        arn:aws:iam::123456789012:role/pipelines",
        "Stored in   s3://the-bucket/test-project/",
        "Billed      storage in S3; the pipeline costs nothing until it is started",
    ]
    total = len(objects(compiled_here))
    size = sum(map(len, objects(compiled_here).values()))
    assert said[-2:] == [
        f"Sent {total} of {total} objects ({size:,} bytes)",
        "Pipeline test-project is created",
    ]
    assert {options["region_name"] for _, options in aws.asked} == {"eu-west-1"}


def test_an_unchanged_project_sends_nothing_and_changes_nothing(pipeline, aws, compiled_here):
    aws.knows_who_asks()
    aws.has_objects(len(objects(compiled_here)))
    aws.answer("sagemaker", "describe_pipeline", standing(compiled_here))
    ended = pipeline("upsert")
    assert ended.out == f"{PIPELINE}\n"
    assert "(0 bytes)" in ended.err
    assert ended.err.endswith("Pipeline test-project is unchanged\n")


@pytest.mark.parametrize(
    "changed",
    [
        {"RoleArn": ROLE + "2"},
        {"PipelineDescription": "another commit"},
        {"PipelineDefinition": '{"Steps": []}'},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_whatever_differs_updates_the_pipeline(pipeline, aws, compiled_here, changed):
    aws.knows_who_asks()
    aws.has_objects(len(objects(compiled_here)))
    aws.answer("sagemaker", "describe_pipeline", standing(compiled_here, **changed))
    answer = {"PipelineArn": PIPELINE}
    aws.answer("sagemaker", "update_pipeline", answer, request(compiled_here))
    assert pipeline("upsert").err.endswith("Pipeline test-project is updated\n")


def test_after_a_change_of_one_model_only_its_objects_are_sent(pipeline, aws, deployable):
    before = objects(deployable.compile())
    code = (deployable.root / "models/ridge/model.py").read_text()
    deployable.write("models/ridge/model.py", code + "\n# changed\n")
    compiled = deployable.compile()
    after = objects(compiled)
    aws.knows_who_asks()
    fresh = {key: body for key, body in after.items() if key not in before}
    assert 0 < len(fresh) < len(after)
    for key in after:
        if key in before:
            aws.answer("s3", "head_object", asked={"Bucket": "the-bucket", "Key": key})
        else:
            aws.refuse("s3", "head_object", "404")
    for key, body in fresh.items():
        asked = {"Bucket": "the-bucket", "Key": key, "Body": body}
        aws.answer("s3", "put_object", asked=asked)
    aws.answer("sagemaker", "describe_pipeline", standing(compiled))
    assert f"Sent {len(fresh)} of {len(after)} objects" in pipeline("upsert").err


def test_a_sagemaker_project_lends_its_name_and_all_of_its_tags(
    pipeline, aws, compiled_here, monkeypatch
):
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:project/houses"
    for name, value in {"NAME": "houses", "ID": "p-abc", "ARN": arn}.items():
        monkeypatch.setenv(f"SAGEMAKER_PROJECT_{name}", value)
    aws.knows_who_asks()
    aws.has_objects(len(objects(compiled_here)))
    tags = [
        {"Key": "team", "Value": "estate"},
        {"Key": "aws:servicecatalog:x", "Value": "only AWS may set it"},
    ]
    aws.answer("sagemaker", "list_tags", {"Tags": tags}, {"ResourceArn": arn})
    aws.refuse("sagemaker", "describe_pipeline", "ResourceNotFound")
    own = {"sagemaker:project-name": "houses", "sagemaker:project-id": "p-abc"}
    wanted = [{"Key": key, "Value": value} for key, value in {"team": "estate", **own}.items()]
    asked = request(compiled_here, Tags=wanted)
    asked["PipelineName"] = "houses-p-abc"
    aws.answer("sagemaker", "create_pipeline", {"PipelineArn": PIPELINE}, asked)
    assert pipeline("upsert").code == 0


def test_tags_that_a_pipeline_lacks_are_added_and_others_stay(aws):
    present = [{"Key": "a", "Value": "old"}, {"Key": "b", "Value": "2"}, {"Key": "z", "Value": "9"}]
    wanted = Wanted("p", b"{}", ROLE, "d", {"a": "1", "b": "2", "c": "3"})
    found = {"PipelineArn": PIPELINE, "RoleArn": ROLE, "PipelineDescription": "d"}
    aws.answer("sagemaker", "describe_pipeline", found | {"PipelineDefinition": "{}"})
    aws.answer("sagemaker", "list_tags", {"Tags": present}, {"ResourceArn": PIPELINE})
    added = [{"Key": "a", "Value": "1"}, {"Key": "c", "Value": "3"}]
    aws.answer("sagemaker", "add_tags", {}, {"ResourceArn": PIPELINE, "Tags": added})
    result = Pipelines(boto3.client("sagemaker")).upsert(wanted, Bucket(None, "b"), "p")
    assert result.outcome == "unchanged"


@pytest.mark.parametrize(("size", "inline"), [(INLINE_LIMIT - 1, True), (INLINE_LIMIT, False)])
def test_a_definition_too_long_for_a_request_travels_through_s3(aws, size, inline):
    definition = b'"' + b"x" * (size - 2) + b'"'
    wanted = Wanted("p", definition, ROLE, "d", {})
    aws.refuse("sagemaker", "describe_pipeline", "ValidationException", "Could not find pipeline p")
    asked = {
        "PipelineName": "p",
        "PipelineDescription": "d",
        "RoleArn": ROLE,
        "Tags": [],
    }
    if inline:
        asked["PipelineDefinition"] = definition.decode()
    else:
        aws.refuse("s3", "head_object", "404")
        put = {"Bucket": "the-bucket", "Body": definition}
        aws.answer("s3", "put_object", asked=put | {"Key": ANY, **ENCRYPTED})
        asked["PipelineDefinitionS3Location"] = {"Bucket": "the-bucket", "ObjectKey": ANY}
    aws.answer("sagemaker", "create_pipeline", {"PipelineArn": PIPELINE}, asked)
    bucket = Bucket(boto3.client("s3"), "the-bucket", "a-key")
    result = Pipelines(boto3.client("sagemaker")).upsert(wanted, bucket, "prefix")
    assert result.outcome == "created"


ENCRYPTED = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "a-key"}


def test_the_key_of_the_bucket_encrypts_what_is_sent(aws):
    aws.lacks_objects({"one": b"1"}, **ENCRYPTED)
    uploaded = Bucket(boto3.client("s3"), "the-bucket", "a-key").put_missing({"one": b"1"})
    assert (uploaded.sent, uploaded.size, uploaded.total) == (1, 1, 1)


def test_a_missing_variable_is_told_before_anybody_is_asked(pipeline, aws, deployable, monkeypatch):
    monkeypatch.delenv("BUCKET")
    assert pipeline("upsert").mistake == [
        "conf/aws.yaml: Bucket is the variable BUCKET, which is not set.",
        "Export it; `pipeline run` also takes --set Bucket=VALUE.",
    ]


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
    aws.has_objects(len(objects(compiled_here)))
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


def test_key_and_tags_of_the_account_are_those_of_the_pipeline_and_its_objects(
    pipeline, aws, deployable, monkeypatch
):
    deployable.change("conf/aws.yaml", "encryption", {"output_key": "OUTPUT_KEY"})
    deployable.change("conf/aws.yaml", "tags", {"team": "estate"})
    assert "OutputKmsKeyId is the variable OUTPUT_KEY" in failing(pipeline, aws)
    monkeypatch.setenv("OUTPUT_KEY", "alias/ours")
    compiled = deployable.compile()
    aws.knows_who_asks()
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/ours"}
    aws.lacks_objects(objects(compiled), **encrypted)
    aws.refuse("sagemaker", "describe_pipeline", "ResourceNotFound")
    asked = request(compiled, Tags=[{"Key": "team", "Value": "estate"}])
    aws.answer("sagemaker", "create_pipeline", {"PipelineArn": PIPELINE}, asked)
    assert pipeline("upsert").code == 0


def failing(pipeline, aws):
    ended = pipeline("upsert")
    assert (ended.code, ended.out) == (2, "")
    return ended.err


def test_a_key_that_stands_in_the_file_itself_is_taken(pipeline, aws, deployable):
    deployable.change("conf/aws.yaml", "encryption", {"output_key": "alias/written-there"})
    compiled = deployable.compile()
    aws.knows_who_asks()
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/written-there"}
    aws.lacks_objects(objects(compiled), **encrypted)
    aws.answer("sagemaker", "describe_pipeline", standing(compiled))
    assert "unchanged" in pipeline("upsert").err
