"""Limits of the template, each exceeded once. Numbers: pages of AWS that the module names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from studio.publishing import checks
from studio.publishing.checks import check

GIVEN = {name: {"Type": "String"} for name in ("SageMakerProjectName", "SageMakerProjectId")}
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"RoleName": {"Fn::Sub": "sagemaker-${SageMakerProjectName}-dev-build"}},
}


@pytest.fixture(autouse=True)
def no_linter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for cfn-lint where there is none."""
    monkeypatch.setattr(checks, "find_linter", lambda: None)


def template(**sections: Any) -> str:
    return json.dumps({"Parameters": GIVEN, "Resources": {"Role": ROLE}, **sections})


def test_a_template_within_all_limits_has_nothing_to_fix() -> None:
    parameters = {**GIVEN, **{f"P{n}": {"Type": "String", "Default": "x"} for n in range(178)}}
    found = check(template(Parameters=parameters), "eu-west-1")
    assert (found.problems, found.parameters, found.resources) == ((), 180, 1)
    assert "not run, not being installed: uv tool install cfn-lint" in found.linter


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"Metadata": {"Long": "x" * 1_000_000}}, "at most 1,000,000 bytes, got 1,000,"),
        (
            {"Parameters": {**GIVEN, **{f"P{n}": {"Type": "String"} for n in range(179)}}},
            "at most 180 Parameters, got 181",
        ),
        ({"Resources": {f"R{n}": ROLE for n in range(501)}}, "at most 500 Resources, got 501"),
        ({"Parameters": {}}, "got no SageMakerProjectName, SageMakerProjectId"),
        (
            {"Outputs": {"A": {"Value": {"Ref": "Other"}}}},
            "neither a resource nor a parameter Other",
        ),
        ({"Outputs": {"A": {"Value": None}}}, "Outputs.A.Value must have a value"),
    ],
)
def test_what_is_beyond_a_limit_is_named(sections: dict[str, Any], problem: str) -> None:
    found = check(template(**sections), "eu-west-1").problems
    assert any(problem in each for each in found), found


@pytest.mark.parametrize("length", [32, 33])
def test_names_must_fit_for_the_longest_project(length: int) -> None:
    """A role's name has at most 64 characters (IAM), 32 of which are the project's."""
    name = {"Fn::Sub": f"${{SageMakerProjectName}}{'x' * length}"}
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": name}}
    found = check(template(Resources={"Role": role}), "eu-west-1").problems
    assert [each[:50] for each in found] == (
        [] if length == 32 else ["Role: RoleName must have at most 64 characters, go"]
    )


def test_names_must_fit_whatever_is_chosen() -> None:
    """Here with CodeCommit alone."""
    choice = {"Type": "String", "Default": "github", "AllowedValues": ["github", "codecommit"]}
    role = {"Type": "AWS::IAM::Role", "Condition": "C", "Properties": {"RoleName": "x" * 65}}
    text = template(
        Parameters={**GIVEN, "SourceControl": choice},
        Conditions={"C": {"Fn::Equals": [{"Ref": "SourceControl"}, "codecommit"]}},
        Resources={"Role": role, "Other": ROLE},
    )
    (found,) = check(text, "eu-west-1").problems
    assert "got 65" in found
