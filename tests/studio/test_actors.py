"""Templates know the roles of projects by their actors: they must know every actor there is."""

from __future__ import annotations

from typing import Any

from sagetabular.infrastructure.templates import parse_template
from tests.baking import ROOT
from tests.studio.assembled import frame
from tests.studio.organisation import template

PRINCIPAL = "aws:PrincipalArn"
FRAGMENTS = ROOT / "{{cookiecutter.project_slug}}/infrastructure"


def read(name: str) -> dict[str, Any]:
    """Return the resources of a template of a project, as they are written."""
    path = FRAGMENTS / f"{name}.yaml"
    found: dict[str, Any] = parse_template(path.read_text("utf-8"), name)["Resources"]
    return found


def named(resources: dict[str, Any]) -> list[str]:
    """Return the last word of each role's name."""
    names = [
        one["Properties"].get("RoleName")
        for one in resources.values()
        if one["Type"] == "AWS::IAM::Role"
    ]
    return [str(name["Fn::Sub"]).rpartition("-")[2] for name in names]


def refused(statements: list[Any], operator: str) -> set[str]:
    """Return the patterns of roles in the condition of one of some statements."""
    (found,) = (
        listed
        for one in statements
        if isinstance(listed := one.get("Condition", {}).get(operator, {}).get(PRINCIPAL), list)
    )
    return {str(one["Fn::Sub"] if isinstance(one, dict) else one) for one in found}


def test_every_actor_is_refused_others_data_and_the_approvers_role() -> None:
    data = read("data-lake")["DataBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    approver = read("roles")["ApproverRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    of_fragments = [actor for path in FRAGMENTS.glob("*.yaml") for actor in named(read(path.stem))]
    actors = {*of_fragments, *named(frame()["Resources"])}
    assert len(actors) > 10
    names = {f":role/sagemaker-*-*-{one}" for one in actors}
    everywhere = {f"arn:${{AWS::Partition}}:iam::*{name}" for name in names}
    assert refused(data, "ArnLike") == everywhere
    assert refused(approver, "StringNotLike") == {f"*{name}" for name in names}


def test_the_launch_role_is_none_of_them() -> None:
    """Else CloudFormation could not make, change and remove what a project in Studio has."""
    name = template()["Resources"]["LaunchRole"]["Properties"]["RoleName"]
    written = read("data-lake")["DataBucketPolicy"]
    actors = [one.rpartition("-")[2] for one in str(written).split("'") if "role/sagemaker" in one]
    assert name.startswith("sagemaker-") and len(actors) > 10
    assert name.rpartition("-")[2] not in actors
