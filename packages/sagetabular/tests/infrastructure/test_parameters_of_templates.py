"""Values of the templates' parameters: which count, and which are refused before any call.

Rules: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import pytest

from sagetabular.infrastructure.parameters import assign, explain
from sagetabular.infrastructure.stacking.choosing import choose
from sagetabular.infrastructure.stacking.site import open_site
from sagetabular.infrastructure.values import allows_nothing, problem
from sagetabular.project import Project

AWS = "conf/aws.yaml"
KEY = {"Type": "String", "AllowedPattern": "^arn:.+$"}
EMPTY = {"Type": "String", "AllowedPattern": "^(arn:.+)?$"}
NUMBER = {"Type": "Number", "MinValue": 1, "MaxValue": 4}
NUMBERS = {"Type": "List<Number>", "MinValue": 1}
SWITCH = {"Type": "String", "AllowedValues": ["true", "false"]}
DAYS = {"Type": "Number", "AllowedValues": [30, 90]}
ACCOUNTS = {"Type": "CommaDelimitedList", "AllowedPattern": "^([0-9]{12})?$"}
SHORT = {"Type": "String", "MinLength": 2, "MaxLength": 3}


@pytest.mark.parametrize(("declared", "value", "wrong"), [
    (KEY, "arn:x", None), (KEY, "", "must match ^arn:.+$"), (KEY, "arn:x\n", "must match ^arn:.+$"),
    (EMPTY, "", None),
    (NUMBER, "4", None), (NUMBER, "0.5", "must be 1 or more"), (NUMBER, "5", "must be 4 or less"),
    (NUMBER, "four", "must be a number"), (NUMBER, "nan", "must be a number"),
    (NUMBERS, "1, 2", None), (NUMBERS, "1,0", "must be 1 or more"),
    (SWITCH, "true", None), (SWITCH, "True", "must be one of true, false"),
    (DAYS, "30", None), (DAYS, "31", "must be one of 30, 90"),
    (ACCOUNTS, "", None), (ACCOUNTS, "123456789012,123456789013", None),
    (ACCOUNTS, "123456789012,x", "must match ^([0-9]{12})?$"),
    (SHORT, "ab", None), (SHORT, "a", "must have 2 characters or more"),
    (SHORT, "abcd", "must have 3 characters or less"),
    ({"Type": "String"}, "é" * 2049, "must have at most 4,096 bytes"),
    ({}, "anything", None),
])  # fmt: skip
def test_a_value_is_checked_as_its_declaration_says(declared, value, wrong):
    assert problem(declared, value) == wrong


def test_what_may_be_empty_says_so_by_its_pattern():
    assert allows_nothing(EMPTY) and allows_nothing(ACCOUNTS)
    assert not allows_nothing(KEY) and not allows_nothing({"Type": "String"})


LAKE = """\
Parameters:
  Project: {Type: String}
  Database: {Type: String}
  Days: {Type: Number, Default: 30, MinValue: 7, Description: Days that logs are kept}
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs: {KeyArn: {Value: x}, Database: {Value: !Ref Database}}
"""
OWN = """\
Parameters:
  KeyArn: {Type: String}
  MlflowArn: {Type: String, Default: ""}
  Subnets: {Type: CommaDelimitedList, Default: ""}
Resources: {Topic: {Type: AWS::SNS::Topic}}
"""


@pytest.fixture
def site(example):
    """Opens the small project with two templates."""
    example.write("infrastructure/data-lake.yaml", LAKE)
    example.write("infrastructure/own.yaml", OWN)

    def opened(stage=None):
        return open_site(Project(example.root, stage))

    return opened


def values(site, number, outputs):
    return dict(assign(site.concerns[number], site.sources, outputs).values)


def test_conf_counts_more_than_outputs_and_these_more_than_the_project(site, example):
    assert values(site(), 0, {}) == {"Project": "test-project", "Database": "estate"}
    assert values(site(), 0, {"Database": "other"})["Database"] == "other"
    example.change(AWS, "infrastructure", {"parameters": {"Database": "mine", "Days": 8}})
    assert values(site(), 0, {"Database": "other"}) == {
        "Project": "test-project", "Database": "mine", "Days": "8",
    }  # fmt: skip


def test_what_lacks_a_value_says_who_would_give_it(site):
    found = assign(site().concerns[1], site().sources, {})
    assert explain(found.lacking, site().concerns) == (
        "KeyArn: an output of data-lake, or infrastructure.parameters.KeyArn in conf/aws.yaml"
    )


def test_outputs_of_stacks_that_are_deployed_too_are_expected(site):
    choice = choose(site(), (), {})
    assert [each.name for each in choice.concerns] == ["data-lake", "own"]
    assert choice.left_out == {}


def test_a_network_that_is_not_set_is_lacking_and_not_left_out_silently(site, example, monkeypatch):
    example.change(AWS, "network", {"subnets": ["SUBNET_A", "subnet-0a1b2c3d"],
                                    "security_groups": ["sg-0a1b2c3d"]})  # fmt: skip
    monkeypatch.delenv("SUBNET_A", raising=False)
    found = assign(site().concerns[1], site().sources, {"KeyArn": "x"})
    assert found.lacking == {"Subnets": "the variable SUBNET_A, which is not set"}
    monkeypatch.setenv("SUBNET_A", "subnet-1")
    assert values(site(), 1, {"KeyArn": "x"})["Subnets"] == "subnet-1,subnet-0a1b2c3d"


def test_a_value_may_be_an_output_that_is_called_otherwise(site, example):
    example.change(AWS, "infrastructure", {"parameters": {"MlflowArn": "${KeyArn}"}})
    assert values(site(), 1, {"KeyArn": "x"}) == {"KeyArn": "x", "MlflowArn": "x"}
    # Until it is there, the template's default counts.
    assert values(site(), 1, {}) == {}


MISTAKES = [
    ({"MlflowArn": "${KeyAm}"}, "infrastructure.parameters.MlflowArn names the output KeyAm of no",
     "Did you mean 'KeyArn'?"),
    ({"Dayz": 8}, "infrastructure.parameters.Dayz is a parameter of no template.",
     "Did you mean 'Days'?"),
    ({"Stage": "prod"}, "infrastructure.parameters.Stage is not chosen here.",
     "It is given by --stage."),
    ({"Days": 6}, "infrastructure.parameters.Days must be 7 or more, got '6'.",
     "infrastructure/data-lake.yaml: Days that logs are kept."),
]  # fmt: skip


@pytest.mark.parametrize(("given", "rule", "remedy"), MISTAKES)
@pytest.mark.parametrize("command", ["validate", "diff"])
def test_a_mistake_in_conf_is_named_before_any_call(
    pipeline, site, example, given, rule, remedy, command
):
    example.change(AWS, "infrastructure", {"parameters": given})
    found = pipeline("infra", command).mistake
    assert found[0].startswith(f"{AWS}: {rule}")
    assert found[1].startswith(remedy)


def test_a_mistake_in_a_stage_is_named_with_it(pipeline, site, example):
    example.change(AWS, "stages", {"dev": {"infrastructure": {"parameters": {"Days": 6}}}})
    rule, _ = pipeline("infra", "validate", "--stage", "dev").mistake
    assert rule.startswith(f"{AWS}: stages.dev.infrastructure.parameters.Days must be 7 or more")
