"""`pipeline upsert`, against AWS's answers as botocore's own shapes."""

from __future__ import annotations

import boto3
import pytest
from botocore.stub import ANY
from upserting import PIPELINE, ROLE, objects, request, standing

from sagetabular.aws.s3 import Bucket
from sagetabular.aws.sagemaker.pipelines import INLINE_LIMIT, Pipelines, Wanted

ENCRYPTED = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "a-key"}


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
    aws.stores_usual_values()
    aws.answer("sagemaker", "describe_pipeline", standing(compiled))
    assert f"Sent {len(fresh)} of {len(after)} objects" in pipeline("upsert").err


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
