"""Templates put together, by small ones that are planted; hostile ones are refused.

How CloudFormation's functions behave:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

from typing import Any

import pytest

from sagetabular.errors import UserError
from studio.publishing.assembly import assemble_from
from tests.studio.planted import FIXED, assembled, frame, part, topic

NAME = {"Ref": "Name"}


def parameters(**declared: str) -> str:
    """Return further parameters of a fragment, to stand below the first one."""
    return "\n".join(f"  {name}: {{{each}}}" for name, each in declared.items())


def test_a_parameter_is_what_the_frame_says() -> None:
    assert topic("{TopicName: !Ref Project}") == {"TopicName": NAME}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("!Sub 'x-${Project}'", {"Fn::Sub": "x-${Name}"}),
        ("!Sub '${Project}'", NAME),
        ("!Sub 'x-${Stage}'", "x-dev"),
        ("!Sub '${Stage}${!Literal}'", "dev${Literal}"),
        ("!Sub '${Project}${!Literal}'", {"Fn::Sub": "${Name}${!Literal}"}),
        ("!Sub '${AWS::Region}-${Stage}'", {"Fn::Sub": "${AWS::Region}-dev"}),
        ("!Sub '${Topic.TopicName}'", {"Fn::GetAtt": ["PartTopic", "TopicName"]}),
        ("!Sub 'x-${Topic.TopicName}'", {"Fn::Sub": "x-${PartTopic.TopicName}"}),
        # A variable of its own hides the parameter of that name.
        ("!Sub ['${Project}', {Project: other}]", "other"),
        ("!Sub ['x${Project}', {Project: !Ref AWS::Region}]", {"Fn::Sub": "x${AWS::Region}"}),
        ("!Sub ['${N}-*', {N: !Sub 'a-${Project}'}]", {"Fn::Sub": "a-${Name}-*"}),
        # A text that is filled in is no template.
        ("!Sub ['${N}-${Project}', {N: '${Name}'}]", {"Fn::Sub": "${!Name}-${Name}"}),
        (
            "!Sub ['${N}-${Project}', {N: !Join ['', [a, !Ref Project]]}]",
            {"Fn::Sub": ["${N}-${Name}", {"N": {"Fn::Join": ["", ["a", NAME]]}}]},
        ),
    ],
)
def test_a_sub_holds_what_is_known(written: str, expected: Any) -> None:
    head = parameters(Stage="Type: String")
    said = "{Project: !Ref Name, Stage: dev}"
    assert topic(f"{{TopicName: {written}}}", head, said) == {"TopicName": expected}


def test_what_is_no_text_gets_a_variable_that_means_nothing_else() -> None:
    said = "{Project: !If [IsTwo, !Ref Name, b], Name: c, Email: !Ref Email}"
    head = parameters(Name="Type: String", Email="Type: String")
    found = topic("{TopicName: !Sub '${Project}-${Name}-${Email}'}", head, said)
    chosen = {"Fn::If": ["IsTwo", NAME, "b"]}
    assert found == {"TopicName": {"Fn::Sub": ["${Project}-c-${Email}", {"Project": chosen}]}}
    # Name is a parameter of the frame too: as a variable it would hide that one.
    said = "{Project: !Sub 'p${Name}', Name: !If [IsTwo, a, b]}"
    head = parameters(Name="Type: String")
    found = topic("{TopicName: !Sub '${Project}-${Name}'}", head, said)
    chosen = {"Fn::If": ["IsTwo", "a", "b"]}
    assert found == {"TopicName": {"Fn::Sub": ["p${Name}-${NameValue}", {"NameValue": chosen}]}}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("!Join ['', !Ref Topics]", NAME),
        ("!Select [0, !Ref Topics]", NAME),
        ("!Join ['-', [a, !Ref Stage]]", "a-dev"),
        ("!Join ['-', [a, !Ref Project]]", {"Fn::Join": ["-", ["a", NAME]]}),
        ("!Select [1, !Split ['/', 'a/b']]", "b"),
        (
            "!Select [1, !Split ['/', !Ref Project]]",
            {"Fn::Select": [1, {"Fn::Split": ["/", NAME]}]},
        ),
        ("!Base64 {Ref: Project}", {"Fn::Base64": NAME}),
    ],
)
def test_lists_are_taken_apart_where_they_are_known(written: str, expected: Any) -> None:
    head = parameters(Topics="Type: CommaDelimitedList", Stage="Type: String")
    said = "{Project: !Ref Name, Topics: !Ref Name, Stage: dev}"
    assert topic(f"{{TopicName: {written}}}", head, said) == {"TopicName": expected}


def condition(written: str, said: str = "{Project: !Ref Name, Stage: dev}") -> Any:
    """Return what a condition comes to: true, false, or what decides it."""
    head = parameters(Stage="Type: String") + f"\nConditions:\n  C: {written}\n"
    found = assembled(part("{TopicName: !If [C, holds, fails]}", head), part=said)
    made = found["Resources"]["PartTopic"]["Properties"]["TopicName"]
    if made in ("holds", "fails"):
        assert "PartC" not in found.get("Conditions", {})
        return made == "holds"
    return found["Conditions"][made["Fn::If"][0]]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("!Equals [!Ref Stage, dev]", True),
        ("!Not [!Equals [!Ref Stage, dev]]", False),
        ("!Equals [!Sub '${Stage}', prod]", False),
        # Neither a name by its pattern nor an ARN is ever empty.
        ("!Equals [!Ref Project, '']", False),
        ("!Equals ['', !Sub 'x${Project}']", False),
        ("!Equals [!Ref Project, dev]", {"Fn::Equals": [NAME, "dev"]}),
        (
            "!And [!Equals [!Ref Stage, dev], !Equals [!Ref Project, a]]",
            {"Fn::Equals": [NAME, "a"]},
        ),
        ("!And [!Equals [!Ref Stage, x], !Equals [!Ref Project, a]]", False),
        ("!Or [!Equals [!Ref Stage, dev], !Equals [!Ref Project, a]]", True),
        ("!Not [!Not [!Equals [!Ref Project, a]]]", {"Fn::Equals": [NAME, "a"]}),
    ],
)
def test_a_condition_is_decided_as_far_as_it_is_known(written: str, expected: Any) -> None:
    assert condition(written) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!Ref Email", {"Fn::Equals": [{"Ref": "Email"}, ""]}),
        ("!If [IsTwo, a, b]", False),
        ("!If [IsTwo, '', b]", {"Fn::Equals": [{"Ref": "Kind"}, "two"]}),
        ("!GetAtt Own.TopicName", False),
    ],
)
def test_an_expression_of_the_frame_is_compared_as_far_as_it_is_known(
    expression: str, expected: Any
) -> None:
    said = f"{{Project: !Ref Name, Stage: {expression}}}"
    assert condition("!Equals [!Ref Stage, '']", said) == expected


def test_conditions_that_mean_the_same_are_one_and_the_frames_own_stays() -> None:
    head = parameters(Kind="Type: String") + (
        "\nConditions:\n  Even: !Equals [!Ref Kind, even]\n  Odd: !Not [!Condition Even]\n"
        "  Unused: !Equals [!Ref Project, x]\n"
    )
    said = "{Project: !Ref Name, Kind: !FindInMap [Kinds, !Ref Kind, Group]}"
    found = assembled(part("{TopicName: !If [Even, a, b], X: !If [Odd, c, d]}", head), part=said)
    assert found["Resources"]["PartTopic"]["Properties"] == {
        "TopicName": {"Fn::If": ["IsTwo", "a", "b"]},
        "X": {"Fn::If": ["PartOdd", "c", "d"]},
    }
    assert found["Conditions"] == {
        "IsTwo": {"Fn::Equals": [{"Ref": "Kind"}, "two"]},
        "PartOdd": {"Fn::Not": [{"Condition": "IsTwo"}]},
    }
    assert "Mappings" not in found


def test_a_choice_within_a_choice_is_made_by_the_outer_one() -> None:
    head = parameters(Kind="Type: String") + (
        "\nConditions:\n  Two: !Equals [!Ref Kind, two]\n  One: !Equals [!Ref Kind, one]\n"
    )
    said = "{Project: !Ref Name, Kind: !Ref Kind}"
    written = "{A: !If [Two, !If [One, x, y], !If [Two, x, z]], B: !If [Two, q, !If [One, q, r]]}"
    assert topic(written, head, said) == {
        "A": {"Fn::If": ["IsTwo", "y", "z"]},
        "B": {"Fn::If": ["IsTwo", "q", {"Fn::If": ["PartOne", "q", "r"]}]},
    }


def test_a_choice_within_a_resource_is_made_by_the_resources_condition() -> None:
    head = parameters(Kind="Type: String") + "\nConditions:\n  Two: !Equals [!Ref Kind, two]\n"
    more = "  Other: {Type: T, Condition: Two, Properties: {A: !If [Two, x, y]}}"
    said = "{Project: !Ref Name, Kind: !Ref Kind}"
    found = assembled(part("{}", head, more), part=said)["Resources"]["PartOther"]
    assert found == {"Type": "T", "Condition": "IsTwo", "Properties": {"A": "x"}}


def test_no_value_is_left_out_of_lists_and_mappings_and_stays_in_choices() -> None:
    head = parameters(Stage="Type: String") + (
        "\nConditions:\n  Dev: !Equals [!Ref Stage, dev]\n  A: !Equals [!Ref Project, a]\n"
    )
    written = (
        "{L: [!If [Dev, !Ref AWS::NoValue, x], y], M: !If [Dev, !Ref AWS::NoValue, x], "
        "K: [!If [A, !Ref AWS::NoValue, x]], J: !Join ['-', [!If [Dev, !Ref AWS::NoValue, x], y]]}"
    )
    no_value = {"Ref": "AWS::NoValue"}
    assert topic(written, head, "{Project: !Ref Name, Stage: dev}") == {
        "L": ["y"],
        "K": [{"Fn::If": ["PartA", no_value, "x"]}],
        "J": "y",
    }


def test_what_never_exists_is_left_out_with_what_asks_for_it() -> None:
    head = parameters(Stage="Type: String") + "\nConditions:\n  P: !Equals [!Ref Stage, prod]\n"
    more = (
        "  Gone: {Type: T, Condition: P}\n"
        "  Kept: {Type: T, DependsOn: [Gone, Topic], Properties: {A: !If [P, !Ref Gone, x]}}"
    )
    found = assembled(part("{}", head, more), part="{Project: !Ref Name, Stage: dev}")
    assert found["Resources"]["PartKept"] == {
        "Type": "T",
        "DependsOn": "PartTopic",
        "Properties": {"A": "x"},
    }
    assert [*found["Resources"]] == ["PartTopic", "PartKept", "Own"]


def test_a_condition_in_a_policy_is_none_of_the_template() -> None:
    written = "{Policy: [{Condition: {StringEquals: {a: !Ref Project}}}]}"
    assert topic(written)["Policy"] == [{"Condition": {"StringEquals": {"a": NAME}}}]


def test_an_output_of_an_earlier_fragment_takes_the_place_of_a_parameter() -> None:
    texts = part("{}") | {
        "first": "Resources: {Key: {Type: T}}\nOutputs: {KeyArn: {Value: !GetAtt Key.Arn}}",
        "part": (
            "Parameters: {KeyArn: {Type: String}}\n"
            "Resources: {Topic: {Type: T, Properties: {K: !Ref KeyArn, S: !Sub '${KeyArn}/*'}}}"
        ),
    }
    found = assembled(texts, first="{}", part="{}")
    assert found["Resources"]["PartTopic"]["Properties"] == {
        "K": {"Fn::GetAtt": ["FirstKey", "Arn"]},
        "S": {"Fn::Sub": "${FirstKey.Arn}/*"},
    }


def test_a_patch_is_merged_and_lists_are_appended() -> None:
    said = (
        "{Project: !Ref Name, patch: {Topic: {DependsOn: [Own], DeletionPolicy: Delete, "
        "Properties: {A: {y: !Ref Email}, L: [2], N: 3}}}}"
    )
    more = "  Kept: {Type: T, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}"
    found = assembled(part("{A: {x: 1}, L: [1], N: 1}", "", more), part=said)["Resources"]
    assert found["PartTopic"] == {
        "Type": "AWS::SNS::Topic",
        "DependsOn": ["Own"],
        "DeletionPolicy": "Delete",
        "Properties": {"A": {"x": 1, "y": {"Ref": "Email"}}, "L": [1, 2], "N": 3},
    }
    assert found["PartKept"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert found["PartKept"]["UpdateReplacePolicy"] == "Retain"


GONE = "{Project: !Ref Name, without: [Other]}"
OTHER = "  Other: {Type: T}"


@pytest.mark.parametrize(
    ("fragment", "said", "word"),
    [
        (part("{}", parameters(New="Type: String")), "{Project: !Ref Name}", "New"),
        (part("{}", parameters(New="Type: String, Default: x")), "{Project: !Ref Name}", "New"),
        (part("{}", parameters(New="Type: String")), "{Project: a, defaults: [New]}", "New"),
        (part("{}"), "{Project: !Ref Name, Other: x}", "Other"),
        (part("{}"), "{Project: !Ref Name, defaults: [Other]}", "Other"),
        (part("{}"), "{Project: !Ref Name, without: [Other]}", "Other"),
        (part("{}"), "{Project: !Ref Name, patch: {Other: {}}}", "Other"),
        (part("{A: !GetAtt Other.Arn}", "", OTHER), GONE, "Other"),
        (part("{A: !Ref Other}", "", OTHER), GONE, "Other"),
        (part("{A: !Sub '${Other}'}", "", OTHER), GONE, "Other"),
        (part("{A: !Sub 'x${Other.Arn}'}", "", OTHER), GONE, "Other"),
        (part("{}", "", OTHER + "\n  B: {Type: T, DependsOn: Other}"), GONE, "Other"),
        (part("{A: !Ref Missing}"), "{Project: !Ref Name}", "Missing"),
        (part("{A: !Sub 'x${Missing}'}"), "{Project: !Ref Name}", "Missing"),
        (part("{A: !If [Missing, 1, 2]}"), "{Project: !Ref Name}", "Missing"),
        (part("{}", "Mappings: {A: {b: {c: d}}}"), "{Project: !Ref Name}", "Mappings"),
        (part("{}", "Transform: AWS::Serverless-2016-10-31"), "{Project: !Ref Name}", "Transform"),
        (part("{A: !Ref Project}"), "{Project: !GetAtt Nowhere.Arn}", "Nowhere"),
        (part("{A: !Ref Project}"), "{Project: !Ref Nowhere}", "Nowhere"),
    ],
)
def test_what_does_not_fit_is_refused(fragment: dict[str, str], said: str, word: str) -> None:
    with pytest.raises(UserError) as caught:
        assembled(fragment, part=said)
    assert word in caught.value.message
    if fragment["part"].count(OTHER) and said == GONE:
        assert "Other is left out, and is referred to" in caught.value.message
    assert caught.value.remedy


def test_a_value_that_a_fragment_does_not_allow_is_refused() -> None:
    head = parameters(Stage="Type: String, AllowedPattern: '^[a-z]+$'")
    with pytest.raises(UserError, match=r"Stage must match .*, got 'Dev'"):
        assembled(part("{}", head), part="{Project: !Ref Name, Stage: Dev}")


def test_a_list_in_a_text_is_refused() -> None:
    head = parameters(Topics="Type: CommaDelimitedList")
    with pytest.raises(UserError, match="variable Topics of a Fn::Sub must be a text"):
        topic("{A: !Sub 'x-${Topics}'}", head, "{Project: !Ref Name, Topics: 'a,b'}")


def test_a_patch_of_what_can_never_be_there_is_refused() -> None:
    head = parameters(Stage="Type: String") + "\nConditions:\n  P: !Equals [!Ref Stage, prod]\n"
    more = "  Gone: {Type: T, Condition: P}"
    said = "{Project: !Ref Name, Stage: dev, patch: {Gone: {DependsOn: [Own]}}}"
    with pytest.raises(UserError, match="Gone is patched, and can never be there"):
        assembled(part("{}", head, more), part=said)


def test_two_resources_of_one_name_are_refused() -> None:
    texts = part("{}") | {"part-topic": "Resources: {X: {Type: T}}"}
    texts["part"] = texts["part"] + "\n  TopicX: {Type: T}\n"
    with pytest.raises(UserError, match="both have a resource PartTopicX"):
        assembled(texts, **{"part": "{Project: !Ref Name}", "part-topic": "{}"})


@pytest.mark.parametrize(
    ("fixed", "word"),
    [
        ({}, "Release"),
        ({"Release": "x"}, "Release"),
        ({**FIXED, "Name": "x"}, "Name"),
    ],
)
def test_what_is_fixed_is_what_nobody_is_asked_for(fixed: dict[str, str], word: str) -> None:
    with pytest.raises(UserError, match=word):
        assemble_from(frame(), part("{}"), fixed)
