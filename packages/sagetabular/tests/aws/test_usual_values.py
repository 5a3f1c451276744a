"""What a trigger starts the pipeline with: the account's values, not wishes for one run."""

from __future__ import annotations

import json

import pytest
from upserting import objects, standing

from sagetabular.aws.deployment import deployment_of
from sagetabular.aws.usual import usual_values
from sagetabular.project import Project

_HOME = "s3://the-bucket/test-project"


@pytest.fixture
def wanted(compiled_here):
    """Return every value that the definition needs."""
    return {
        "Bucket": "the-bucket",
        "Commit": "none",
        "ImageUri": "registry/model@sha256:1",
        "JobsImageUri": "registry/jobs@sha256:2",
        "QueryUri": f"{_HOME}/{compiled_here.assets.query.key}",
        "RoleArn": "arn:aws:iam::123456789012:role/pipelines",
        "TrackingUri": "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-1",
    }


def test_an_upsert_leaves_them_in_the_bucket(pipeline, aws, compiled_here, wanted):
    aws.knows_who_asks()
    aws.has_objects(len(objects(compiled_here)), stored=False)
    listed = [{"Name": name, "Value": value} for name, value in wanted.items()]
    body = json.dumps({"parameters": wanted, "PipelineParameters": listed}, indent=1).encode()
    aws.stores_usual_values("test-project", body)
    aws.answer("sagemaker", "describe_pipeline", standing(compiled_here))
    assert pipeline("upsert").code == 0


def test_wishes_for_one_run_count_where_the_account_has_no_value(deployable, wanted):
    project, compiled = Project(deployable.root), deployable.compile()
    environment = {
        "ROLE": wanted["RoleArn"],
        "BUCKET": "the-bucket",
        "JOBS": wanted["JobsImageUri"],
    }
    deployment = deployment_of(project, environment)
    wishes = {"ImageUri": wanted["ImageUri"], "JobsImageUri": "another", "Folds": "3"}

    found = usual_values(project, deployment, compiled, wishes)

    assert found == {**wanted, "TrackingUri": "experiments"}, "the default where none is named"
