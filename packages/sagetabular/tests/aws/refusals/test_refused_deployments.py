"""What a deployment needs and AWS does not have: two lines, whatever the command."""

from __future__ import annotations

import pytest
from asking import ROLE, deploying, two_lines

pytestmark = pytest.mark.slow


@deploying
def test_in_a_region_without_the_image_of_a_model(pipeline, project, command):
    project.change("conf/aws.yaml", "region", "eu-nowhere-1")
    rule, remedy = two_lines(pipeline(*command), exactly=True)
    assert rule.startswith("models/boost/model.yaml: image.version must be one that exists in eu-")
    assert "region in conf/aws.yaml" in remedy


@deploying
def test_without_the_bucket(pipeline, project, server, command):
    server.refusals["HeadObject"] = (404, "", "")
    server.refusals["PutObject"] = (404, "NoSuchBucket", "The bucket does not exist")
    rule, remedy = two_lines(pipeline(*command))
    assert rule == "S3 refused PutObject in the-bucket: NoSuchBucket: The bucket does not exist"
    assert remedy == "Correct the bucket's name in the environment, or make the bucket."


@deploying
def test_without_the_role(pipeline, project, server, command):
    server.refusals["DescribePipeline"] = (400, "ResourceNotFound", "no")
    server.refusals["CreatePipeline"] = (400, "ValidationException", f"No role\n{ROLE}")
    rule, remedy = two_lines(pipeline(*command))
    assert rule == f"SageMaker refused CreatePipeline: ValidationException: No role {ROLE}"
    assert "`pipeline doctor --on aws`" in remedy


@deploying
@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("ROLE", "x", ("RoleArn", "length: 20", "at least 20 characters")),
        ("BUCKET", "no bucket", ("no bucket",)),
    ],
)
def test_with_a_name_that_aws_cannot_have(
    pipeline, project, server, monkeypatch, command, variable, value, words
):
    server.refusals["DescribePipeline"] = (400, "ResourceNotFound", "no")
    monkeypatch.setenv(variable, value)
    rule, _ = two_lines(pipeline(*command))
    assert any(word in rule for word in words)
    assert "StartPipelineExecution" not in server.asked
