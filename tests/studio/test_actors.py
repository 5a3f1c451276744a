"""The lake knows the roles of other projects by their actors: it must know every actor there is."""

from __future__ import annotations

from typing import Any

from sagetabular.infrastructure.templates import parse_template
from tests.baking import ROOT
from tests.studio.assembled import frame
from tests.studio.organisation import template

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


def test_the_data_bucket_refuses_every_actor_of_other_projects() -> None:
    written = read("data-lake")["DataBucketPolicy"]["Properties"]
    (denied,) = (
        one for one in written["PolicyDocument"]["Statement"]
        if one.get("Sid") == "NoOtherProjectOrStage"
    )  # fmt: skip
    listed = denied["Condition"]["ArnLike"]["aws:PrincipalArn"]
    of_fragments = [actor for path in FRAGMENTS.glob("*.yaml") for actor in named(read(path.stem))]
    actors = {*of_fragments, *named(frame()["Resources"])}
    assert len(actors) > 10
    assert {one["Fn::Sub"] for one in listed} == {
        f"arn:${{AWS::Partition}}:iam::*:role/sagemaker-*-*-{actor}" for actor in actors
    }


def test_the_launch_role_is_none_of_them() -> None:
    """Else CloudFormation could not make, change and remove what a project in Studio has."""
    name = template()["Resources"]["LaunchRole"]["Properties"]["RoleName"]
    written = read("data-lake")["DataBucketPolicy"]
    actors = [one.rpartition("-")[2] for one in str(written).split("'") if "role/sagemaker" in one]
    assert name.startswith("sagemaker-") and len(actors) > 10
    assert name.rpartition("-")[2] not in actors
