"""Pipelines: created, changed, listed and removed by a client of AWS."""

from __future__ import annotations

import json

import pytest
from building import BUCKET, ROLE, Build
from clients import connect, ended, fail, refused

from sagelocal import LocalSageMaker
from sagelocal.endpoint import Endpoint

ARN = "arn:aws:sagemaker:eu-west-1:000000000000:pipeline/demo"


def test_a_pipeline_is_described_as_it_was_created(client, create) -> None:
    assert create(fail(), PipelineDisplayName="Demo", PipelineDescription="a b") == ARN
    for name in ("demo", ARN):
        found = client.describe_pipeline(PipelineName=name)
        assert found["PipelineArn"] == ARN
        assert json.loads(found["PipelineDefinition"])["Steps"] == [fail()]
        assert (found["PipelineDisplayName"], found["PipelineDescription"]) == ("Demo", "a b")
        assert (found["RoleArn"], found["PipelineStatus"]) == (ROLE, "Active")
        assert found["CreationTime"] == found["LastModifiedTime"]
        assert "LastRunTime" not in found


def test_a_name_is_given_once(client, create) -> None:
    create(fail())
    # The SDK's `Pipeline.upsert` looks for these words, and then updates.
    with refused("ValidationException", "already exists"):
        create(fail())


def test_the_same_request_once_more_creates_nothing_and_is_no_error(client, create) -> None:
    token = "t" * 32
    assert create(fail(), ClientRequestToken=token) == create(fail(), ClientRequestToken=token)


def test_an_update_changes_what_it_names(client, create, build: Build) -> None:
    create(fail(), PipelineDescription="before")
    client.update_pipeline(PipelineName="demo", PipelineDisplayName="After")
    text = build.definition(fail("Other")).decode()
    answer = client.update_pipeline(PipelineName="demo", PipelineDefinition=text)
    assert answer["PipelineArn"] == ARN
    assert answer["PipelineVersionId"] == 2
    found = client.describe_pipeline(PipelineName="demo", PipelineVersionId=2)
    assert (found["PipelineDescription"], found["PipelineDisplayName"]) == ("before", "After")
    assert found["PipelineDefinition"] == text
    assert found["LastModifiedTime"] >= found["CreationTime"]
    with refused("ValidationException", "latest version"):
        client.describe_pipeline(PipelineName="demo", PipelineVersionId=1)


def test_a_definition_may_lie_in_s3(client, sagemaker: LocalSageMaker, build: Build) -> None:
    sagemaker.storage.put_bytes(f"{BUCKET}/d/definition.json", build.definition(fail()))
    place = {"Bucket": "bucket", "ObjectKey": "d/definition.json"}
    create = client.create_pipeline
    create(PipelineName="demo", PipelineDefinitionS3Location=place, RoleArn=ROLE)
    assert "enough" in client.describe_pipeline(PipelineName="demo")["PipelineDefinition"]
    with refused("ValidationException", "There is no object s3://bucket/nothing"):
        place["ObjectKey"] = "nothing"
        create(PipelineName="other", PipelineDefinitionS3Location=place, RoleArn=ROLE)
    with refused("ValidationException", "Exactly one"):
        create(PipelineName="other", RoleArn=ROLE)


@pytest.mark.parametrize("text", ["{", "[]", '{"Version": "2020-12-01", "Steps": [{}]}'])
def test_a_definition_that_cannot_run_is_refused_and_not_kept(client, text: str) -> None:
    with refused("ValidationException", "Unable to parse pipeline definition"):
        client.create_pipeline(PipelineName="demo", PipelineDefinition=text, RoleArn=ROLE)
    assert client.list_pipelines()["PipelineSummaries"] == []


def test_what_is_not_there_is_not_found(client) -> None:
    for call in (client.describe_pipeline, client.update_pipeline, client.delete_pipeline):
        with refused("ResourceNotFound", f"Pipeline '{ARN}' does not exist"):
            call(PipelineName="demo")
    with refused("ResourceNotFound", "does not exist"):
        client.start_pipeline_execution(PipelineName="demo")
    with refused("ResourceNotFound", "does not exist"):
        client.list_pipeline_executions(PipelineName="demo")


def test_a_pipeline_is_removed_once_nothing_of_it_runs(client, create, build: Build) -> None:
    create(build.processing("Sleep", "import time; time.sleep(60)"), Tags=[tag("a", "1")])
    arn = client.start_pipeline_execution(PipelineName="demo")["PipelineExecutionArn"]
    with refused("ConflictException", "Stop them first"):
        client.delete_pipeline(PipelineName="demo")
    client.stop_pipeline_execution(PipelineExecutionArn=arn)
    ended(client, arn)
    assert client.delete_pipeline(PipelineName="demo")["PipelineArn"] == ARN
    assert client.list_pipelines()["PipelineSummaries"] == []
    assert client.describe_pipeline_execution(PipelineExecutionArn=arn)
    create(fail())
    assert client.list_tags(ResourceArn=ARN)["Tags"] == []


def tag(key: str, value: str) -> dict[str, str]:
    return {"Key": key, "Value": value}


def test_tags_are_added_to_those_there_are(client, create) -> None:
    create(fail(), Tags=[tag("a", "1"), tag("b", "2")])
    client.add_tags(ResourceArn=ARN, Tags=[tag("b", "3"), tag("c", "4")])
    assert client.list_tags(ResourceArn=ARN)["Tags"] == [
        tag("a", "1"),
        tag("b", "3"),
        tag("c", "4"),
    ]
    with refused("ResourceNotFound", "does not exist"):
        client.list_tags(ResourceArn=f"{ARN}-other")
    with refused("ValidationException", "at most 50 tags"):
        client.add_tags(ResourceArn=ARN, Tags=[tag(str(number), "") for number in range(48)])


def test_pipelines_outlive_their_endpoint(sagemaker: LocalSageMaker, build: Build) -> None:
    with Endpoint(sagemaker) as endpoint:
        text = build.definition(fail()).decode()
        name = "N" * 200  # with what else is in it, longer than the name of a file
        connect(endpoint).create_pipeline(
            PipelineName=name, PipelineDefinition=text, RoleArn=ROLE, Tags=[tag("a", "1")]
        )
    with Endpoint(LocalSageMaker(sagemaker.home)) as endpoint:
        client = connect(endpoint)
        arn = client.describe_pipeline(PipelineName=name)["PipelineArn"]
        assert client.list_tags(ResourceArn=arn)["Tags"] == [tag("a", "1")]
