"""The account side of system 002's framework → `conf/aws.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.migration.plan import Change

if TYPE_CHECKING:
    from pipelines.migration.framework.files import Configuration
    from pipelines.migration.placeholders import Placeholders
    from pipelines.migration.plan import Place, Plan

# Parameter → the variable that a new project declares for it, i.e. that nobody has changed.
NEW_PROJECT = {"RoleArn": "SAGEMAKER_PIPELINE_ROLE_ARN", "Bucket": "ARTIFACT_BUCKET"}


def account_changes(
    conf: Configuration, placeholders: Placeholders, place: Place, plan: Plan
) -> list[Change]:
    """Declare the variables that hold role and bucket; literal values have no place in files.

    The name of the pipeline is noted: a project has one already.
    """
    given = {
        "RoleArn": (conf.network.role, place.at("sagemakerNetworkSecurity", "role")),
        "Bucket": (conf.bucket, place.at("s3Bucket")),
    }
    changes = []
    for parameter, (value, where) in given.items():
        if value and placeholders.is_one(value):
            path = ("environment", parameter)
            untouched = (NEW_PROJECT[parameter],)
            changes.append(Change("conf/aws.yaml", path, value, untouched, where))
        elif value:
            plan.drop(where, f"{parameter} is a value of the account: keep it in the environment")
    if conf.pipeline and conf.pipeline.name:
        where = place.at("sagemakerPipeline", "pipelineName")
        plan.drop(where, "the pipeline is called as `name` in conf/pipeline.yaml says")
    return changes
