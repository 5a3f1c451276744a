"""The policies compared with what AWS publishes: actions, resources, conditions, handlers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.permissions.deciding import ROLES
from tests.servers import environment

HERE = Path(__file__).parent
EVERYTHING = {**ROLES.EVERYTHING, "SourceStage": "staging"}
# What a provider's schema lists for properties that deploy.yaml has not: provisioned concurrency of
# Lambda, scheduled actions, predictive scaling.
UNUSED = {
    "application-autoscaling:DeleteScheduledAction", "application-autoscaling:PutScheduledAction",
    "cloudwatch:GetMetricData", "lambda:DeleteProvisionedConcurrencyConfig",
    "lambda:GetProvisionedConcurrencyConfig", "lambda:PutProvisionedConcurrencyConfig",
}  # fmt: skip
# What a schema leaves out: CreateModel reads the package and, with VpcConfig, the network; an
# endpoint configuration with KmsKeyId is granted the key
# (https://docs.aws.amazon.com/sagemaker/latest/dg/api-permissions-reference.html); of whoever makes
# a scalable target Application Auto Scaling asks what it does to the variant
# (https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html).
MISSING = {
    "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs", "kms:CreateGrant",
    "sagemaker:DescribeModelPackage", "sagemaker:UpdateEndpointWeightsAndCapacities",
}  # fmt: skip
# Across accounts CreateModel is asked of the package as well, which this list does not say:
# https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy-xaccount.html
ACROSS = {("formation", "PackageOfTheSource", "sagemaker:CreateModel")}
sys.setrecursionlimit(10_000)


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    """What AWS publishes about all actions of roles.yaml, and the types of deploy.yaml."""
    python = environment("validators", HERE.parent / "validators.lock") / "bin/python"
    allowed = [ROLES.listed(statement["Action"]) for _, statement in statements()]
    actions = sorted({action for each in allowed for action in each})
    asked = json.dumps([actions, sorted(kinds_of("deploy"))])
    command = [python, HERE / "iam_facts.py"]
    ended = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def statements() -> list[tuple[str, dict[str, Any]]]:
    """All statements that allow something, with their actors."""
    older = EVERYTHING["ConnectionArn"].replace("codeconnections", "codestar-connections")
    options = [
        EVERYTHING,
        {**EVERYTHING, "MlflowArn": "", "Source": "codecommit"},
        {**EVERYTHING, "ConnectionArn": older},
    ]
    return [
        (actor, statement)
        for given in options
        for actor, role in ROLES.roles(**given).items()
        for statement in role.statements()
    ]


def kinds_of(template: str) -> set[str]:
    """The types of resources of a template."""
    return {entry["Type"] for entry in ROLES.template(template)["Resources"].values()}


def test_every_action_exists(facts: dict[str, Any]) -> None:
    assert len(facts["actions"]) > 100
    assert [name for name, found in facts["actions"].items() if found is None] == []


def test_every_action_takes_one_of_its_resources(facts: dict[str, Any]) -> None:
    """An option may make a resource of another type, but some option must fit."""
    fitting, vain = {*ACROSS}, set()
    for actor, statement in statements():
        for action in ROLES.listed(statement["Action"]):
            known, name = facts["actions"][action], (actor, statement["Sid"], action)
            vain.add(name)
            resources = ROLES.listed(statement["Resource"])
            # Where no type of resource is required, all is an answer; so it is in EC2, which says
            # only for some of these actions that ids can be known.
            if resources == ["*"] and (not known["required"] or action.startswith("ec2:")):
                fitting.add(name)
            if any(
                meet(one, _glob(arn)) for one in resources if one != "*" for arn in known["arns"]
            ):
                fitting.add(name)
    assert vain - fitting == set()
    assert vain >= ACROSS, "an exception that is none"


def _glob(arn: str) -> str:
    return re.sub(r"\$\{[^}]+\}", "*", arn)


@cache
def meet(one: str, other: str) -> bool:
    """Return whether a text fits both of two patterns, in which `*` is any text."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*" or other[0] == "*":
        if one[0] != "*":
            one, other = other, one
        return meet(one[1:], other) or meet(one, other[1:])
    return one[0] == other[0] and meet(one[1:], other[1:])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a*", "*b", True),
        ("a", "*", True),
        ("a*c", "ab", False),
        ("arn:x:role/a", "arn:*:role/*", True),
        ("arn:x:role/a", "arn:*:user/*", False),
        ("a:*", "a:*:b:*", True),
    ],
)
def test_patterns_meet(one: str, other: str, expected: bool) -> None:
    assert meet(one, other) is expected is meet(other, one)


def test_every_condition_is_one_of_its_actions(facts: dict[str, Any]) -> None:
    unknown = []
    for actor, statement in statements():
        keys = {key for block in statement.get("Condition", {}).values() for key in block}
        for action in ROLES.listed(statement["Action"]):
            known = [_glob(one) for one in facts["actions"][action]["conditions"]]
            unknown += [
                f"{actor}: {action}: {key}"
                for key in keys - {"aws:ResourceAccount", "aws:PrincipalArn"}  # of all actions
                if not any(meet(key, pattern) for pattern in known)
            ]
    assert unknown == []


def test_cloudformation_may_make_what_the_deployment_has(facts: dict[str, Any]) -> None:
    assert set(facts["types"]) == kinds_of("deploy")
    needed = {action for found in facts["types"].values() for action in found}
    assert needed >= UNUSED
    assert ROLES.roles(**EVERYTHING)["formation"].actions() - MISSING == needed - UNUSED
