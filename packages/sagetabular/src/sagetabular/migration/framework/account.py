"""The account side of dynamic-sagemaker-pipelines-framework → `conf/aws.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.migration.plan import Change

if TYPE_CHECKING:
    from sagetabular.migration.framework.files import Configuration
    from sagetabular.migration.placeholders import Placeholders
    from sagetabular.migration.plan import Place, Plan

AWS = "conf/aws.yaml"
# Parameter → the variable that a new project declares for it, i.e. that nobody has changed.
NEW_PROJECT = {"RoleArn": "SAGEMAKER_PIPELINE_ROLE_ARN", "Bucket": "ARTIFACT_BUCKET"}


def account_changes(
    conf: Configuration, placeholders: Placeholders, place: Place, plan: Plan
) -> list[Change]:
    """Declare the variables that hold role, bucket and key, and list the network's ids.

    A variable with a list in it can be no pipeline parameter, so its value is written out. The name
    of the pipeline is noted: a project has one already.
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
            changes.append(Change(AWS, path, value, untouched, where))
        elif value:
            plan.drop(where, f"{parameter} is a value of the account: keep it in the environment")
    if conf.pipeline and conf.pipeline.name:
        where = place.at("sagemakerPipeline", "pipelineName")
        plan.drop(where, "the pipeline is called as `name` in conf/pipeline.yaml says")
    where = place.at("sagemakerNetworkSecurity")
    if key := conf.network.kms_key:
        both = {"volume_key": key, "output_key": key}
        changes.append(Change(AWS, ("encryption",), both, (), where.at("kms_key")))
    return changes + _network(conf, placeholders, where, plan)


def _network(
    conf: Configuration, placeholders: Placeholders, place: Place, plan: Plan
) -> list[Change]:
    given = {
        "subnets": (conf.network.subnets, place.at("subnets")),
        "security_groups": (conf.network.security_groups, place.at("security_groups_id")),
    }
    ids = {name: _ids(value or "", placeholders) for name, (value, _) in given.items()}
    if all(ids.values()):
        return [Change(AWS, ("network",), ids, (), place)]
    for value, where in given.values():
        if value:
            plan.drop(where, "a network needs subnets and security groups, and one has no value")
    return []


def _ids(value: str, placeholders: Placeholders) -> list[str]:
    if placeholders.is_one(value):
        value = placeholders.get(value) or ""
    return [part.strip() for part in value.split(",") if part.strip()]
