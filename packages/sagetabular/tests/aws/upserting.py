"""The small project's pipeline: as it is asked of SageMaker, and as SageMaker describes it."""

from __future__ import annotations

import json

PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/test-project"
ROLE = "arn:aws:iam::123456789012:role/pipelines"
DESCRIPTION = "test-project predicts price. Commit none"


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
