"""`pipeline upsert` with the tags and the key of an account, or of a SageMaker project."""

from __future__ import annotations

import boto3
from upserting import PIPELINE, ROLE, objects, request, standing

from sagetabular.aws.s3 import Bucket
from sagetabular.aws.sagemaker.pipelines import Pipelines, Wanted

ENCRYPTED = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "a-key"}


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


def test_the_key_of_the_bucket_encrypts_what_is_sent(aws):
    aws.lacks_objects({"one": b"1"}, stored=False, **ENCRYPTED)
    uploaded = Bucket(boto3.client("s3"), "the-bucket", "a-key").put_missing({"one": b"1"})
    assert (uploaded.sent, uploaded.size, uploaded.total) == (1, 1, 1)


def failing(pipeline, aws):
    ended = pipeline("upsert")
    assert (ended.code, ended.out) == (2, "")
    return ended.err


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


def test_a_key_that_stands_in_the_file_itself_is_taken(pipeline, aws, deployable):
    deployable.change("conf/aws.yaml", "encryption", {"output_key": "alias/written-there"})
    compiled = deployable.compile()
    aws.knows_who_asks()
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/written-there"}
    aws.lacks_objects(objects(compiled), **encrypted)
    aws.answer("sagemaker", "describe_pipeline", standing(compiled))
    assert "unchanged" in pipeline("upsert").err
