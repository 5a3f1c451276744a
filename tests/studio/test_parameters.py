"""What Studio asks is what cookiecutter asks, and every answer that it takes is one that is good.

CloudFormation checks a value by `AllowedPattern`, `AllowedValues` and lengths:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagetabular.infrastructure.templates import evaluate, read_template
from sagetabular.infrastructure.values import problem
from tests.baking import CHOICES, QUESTIONS, ROOT, TEMPLATE
from tests.studio.assembled import ANSWERS, CONNECTION, FIXED, frame, template

PARAMETERS: dict[str, Any] = template()["Parameters"]
INTERFACE = template()["Metadata"]["AWS::CloudFormation::Interface"]
# Question → parameter.
ASKED = {
    "project_name": "ProjectName",
    "source_control": "SourceControl",
    "infrastructure": "Infrastructure",
    "license": "License",
}
# Question → what answers it, and why nobody is asked.
ANSWERED = {
    "project_slug": ("SageMakerProjectName", "SageMaker asks for it itself, as the project's name"),
    "aws_region": ("AWS::Region", "the region of the stack: nothing is deployed elsewhere"),
}
# cookiecutter's default is an example. A name that nobody has typed is better than a wrong one.
OTHER_DEFAULTS = {"project_name": ""}


def label(question: str) -> str:
    asked = QUESTIONS["__prompts__"][question]
    return asked if isinstance(asked, str) else asked["__prompt__"]


def test_every_question_is_a_parameter_or_answered_without_asking() -> None:
    questions = {name for name in QUESTIONS if not name.startswith("_")}
    assert questions == ASKED.keys() | ANSWERED.keys()
    assert {*ASKED.values()} <= PARAMETERS.keys()


def test_choices_and_their_order_are_those_of_the_questions() -> None:
    assert CHOICES.keys() <= ASKED.keys()
    for question, choices in CHOICES.items():
        assert PARAMETERS[ASKED[question]]["AllowedValues"] == choices


def test_defaults_are_those_of_the_questions() -> None:
    for question, name in ASKED.items():
        default = CHOICES[question][0] if question in CHOICES else OTHER_DEFAULTS[question]
        assert PARAMETERS[name]["Default"] == default


def test_labels_are_the_questions() -> None:
    labels = {name: each["default"] for name, each in INTERFACE["ParameterLabels"].items()}
    for question, name in ASKED.items():
        assert labels[name] == label(question)
    assert labels["SageMakerProjectName"] == label("project_slug")


def test_descriptions_say_what_each_choice_is_since_studio_shows_no_labels() -> None:
    for question, choices in CHOICES.items():
        said = " ".join(PARAMETERS[ASKED[question]]["Description"].split())
        for choice in choices:
            meaning = QUESTIONS["__prompts__"][question][choice].split(" (")[0]
            assert choice in said
            assert meaning in said or meaning.lower() in said or choice == "none"


def test_every_parameter_is_in_a_group_has_a_label_and_a_description() -> None:
    groups = [name for each in INTERFACE["ParameterGroups"] for name in each["Parameters"]]
    assert groups == [*PARAMETERS] == [*INTERFACE["ParameterLabels"]]
    assert all(each["Description"].strip().endswith(".") for each in PARAMETERS.values())


def test_what_is_optional_is_what_may_be_empty() -> None:
    """A form may send what is left empty as the empty text."""
    rules = template()["Metadata"]["SagemakerTemplateParameterRules"]
    assert rules == {
        name: {"Optional": True} for name, each in PARAMETERS.items() if each.get("Default") == ""
    }


def test_a_constraint_says_rule_and_remedy_without_what_consoles_cannot_show() -> None:
    for name, each in PARAMETERS.items():
        if "AllowedPattern" in each:
            said = each["ConstraintDescription"]
            assert "must" in said, name
            assert said.isascii()
            assert len(said) < 500


def hook() -> types.ModuleType:
    """Return the hook that checks answers, its one line that is a template filled in."""
    source = (ROOT / "hooks" / "pre_gen_project.py").read_text(encoding="utf-8")
    module = types.ModuleType("pre_gen_project")
    exec(source.replace("{{ cookiecutter | tojson }}", "{}"), module.__dict__)
    return module


HOOK = hook()


def values(name: str) -> st.SearchStrategy[str]:
    """Return values that a parameter takes."""
    declared = PARAMETERS[name]
    if "AllowedValues" in declared:
        return st.sampled_from(declared["AllowedValues"])
    drawn = st.from_regex(declared["AllowedPattern"], fullmatch=True)
    return drawn.filter(lambda value: problem(declared, value) is None)


@given(values("SageMakerProjectName"))
@settings(max_examples=50, deadline=None)
def test_a_name_that_the_template_takes_is_a_slug(name: str) -> None:
    assert HOOK.check_project_slug(name) is None


@given(values("ProjectName"), values("SageMakerProjectName"))
@settings(max_examples=100, deadline=None)
def test_a_name_for_people_that_the_template_takes_is_one_that_cookiecutter_takes(
    name: str, slug: str
) -> None:
    assert HOOK.check_project_name(name or slug) is None
    assert not any(sign in name for sign in ("{{", "{%", "{#"))


@pytest.mark.parametrize(
    "name", ["{{ 1 }}", "{% x %}", "{# x #}", " x", "x ", "x\ny", "x\t", "x" * 64, "\u202ex", "ü"]
)
def test_a_name_that_would_be_a_template_or_invisible_is_refused(name: str) -> None:
    assert problem(PARAMETERS["ProjectName"], name) is not None


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("Repository", "org"),
        ("Repository", "https://github.com/org/name"),
        ("Repository", "../name"),
        ("Repository", "org/name\n"),
        ("Repository", "-c/name"),
        ("Branch", "-f"),
        ("Branch", "a b"),
        ("Branch", "a/"),
        ("Branch", "a..b"),
        ("Branch", "a//b"),
        ("Branch", "a/.b"),
        ("Branch", "HEAD"),
        ("Branch", "refs/heads/main"),
        ("Branch", "0" * 40),
        ("Branch", "a.lock/b"),
        ("Repository", "owner/name.git"),
        ("ConnectionArn", "connection/1"),
        ("SageMakerProjectName", "Housing"),
        ("SageMakerProjectName", "ab"),
        ("SageMakerProjectName", "a" * 33),
        ("SageMakerProjectId", "P-1"),
        ("Schedule", "rate(1 day)"),
    ],
)
def test_what_is_no_good_is_refused(parameter: str, value: str) -> None:
    assert problem(PARAMETERS[parameter], value) is not None


def everything(shown: list[str]) -> st.SearchStrategy[dict[str, str]]:
    """Return values of all parameters that the rules accept together."""

    def sensible(drawn: dict[str, str]) -> dict[str, str]:
        if drawn["SourceControl"] in ("codecommit", "none"):
            return {**drawn, "ConnectionArn": "", "Repository": ""}
        needed = {"ConnectionArn": CONNECTION, "Repository": "org/name"}
        return {**drawn, **{name: drawn[name] or value for name, value in needed.items()}}

    return st.fixed_dictionaries({name: values(name) for name in shown}).map(sensible)


def bound() -> dict[str, tuple[dict[str, Any], Any]]:
    """Return fragment.Parameter → its declaration, and the expression that takes its place."""
    found = {}
    for fragment, said in frame()["Metadata"]["Fragments"].items():
        file = ROOT / TEMPLATE / "infrastructure" / f"{fragment}.yaml"
        declared = read_template(file)["Parameters"]
        for name, expression in said.items():
            if name in declared:
                found[f"{fragment}.{name}"] = (declared[name], expression)
    return found


BOUND = bound()
EXPRESSIONS = {
    "Parameters": frame()["Parameters"],
    "Mappings": frame()["Mappings"],
    "Conditions": frame()["Conditions"],
    "Resources": {},
    "Outputs": {name: {"Value": value} for name, (_, value) in BOUND.items()},
}


@given(everything([*PARAMETERS]))
@settings(max_examples=25, deadline=None)
def test_what_the_template_takes_the_fragments_take(answers: dict[str, str]) -> None:
    made = evaluate(EXPRESSIONS, {**FIXED, **answers})["Outputs"]
    for name, (declared, _) in BOUND.items():
        value = made[name]["Value"]
        text = str(value).lower() if isinstance(value, bool) else str(value)
        assert problem(declared, text) is None, f"{name}: {text!r}"


def broken(answers: dict[str, str]) -> list[str]:
    """Return the rules that values break, by CloudFormation's functions for rules."""
    given_ = {name: each.get("Default", "") for name, each in PARAMETERS.items()} | answers

    def value(node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        (function, argument), = node.items()  # fmt: skip
        if function == "Ref":
            return given_[argument]
        words = [value(each) for each in argument]
        known: dict[str, Callable[[], bool]] = {
            "Fn::Contains": lambda: words[1] in words[0],
            "Fn::Equals": lambda: words[0] == words[1],
            "Fn::Not": lambda: not words[0],
        }
        return known[function]()

    return [
        assertion["AssertDescription"]
        for rule in template()["Rules"].values()
        if value(rule["RuleCondition"])
        for assertion in rule["Assertions"]
        if not value(assertion["Assert"])
    ]


@pytest.mark.parametrize("choice", ANSWERS)
def test_the_rules_accept_what_is_needed_and_nothing_else(choice: str) -> None:
    assert broken(ANSWERS[choice]) == []
    with_server = {**ANSWERS["github"], "SourceControl": choice}
    alone = {"SourceControl": choice}
    assert len(broken(with_server)) == (2 if choice in ("codecommit", "none") else 0)
    assert len(broken(alone)) == (0 if choice in ("codecommit", "none") else 2)
    for said in broken(with_server) + broken(alone):
        assert "ConnectionArn" in said or "Repository" in said
        assert ":" in said  # the rule, then the remedy
