"""Templates evaluated for given parameters.

Expected values are those of the examples in AWS's reference of intrinsic functions:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

from typing import Any

import pytest

from sagetabular.errors import UserError
from sagetabular.infrastructure.templates import evaluate, parse_template

TEMPLATE = """
Parameters:
  EnvType: {Type: String, Default: test}
  Zones: {Type: CommaDelimitedList, Default: "a,b"}
  Name: {Type: String}
Conditions:
  IsProduction: !Equals [!Ref EnvType, prod]
  Either: !Or [!Condition IsProduction, !Not [!Equals [!Ref Name, ""]]]
  Both: !And [!Condition IsProduction, !Condition Either]
Mappings:
  Sizes: {prod: {type: ml.m5.large}, test: {type: ml.t3.medium}}
Resources:
  Always:
    Type: AWS::SNS::Topic
    Properties:
      Name: !Sub "${Name}-${AWS::Region}-${!Literal}-${Other.Arn}-${Other}"
      Own: !Sub ["${Word}!", {Word: !Ref EnvType}]
      Size: !FindInMap [Sizes, !Ref EnvType, type]
      First: !Select [0, !Ref Zones]
      Parts: !Split ["|", "a|b"]
      Joined: !Join [":", [arn, !Ref "AWS::Partition", sns]]
      Left: !If [IsProduction, 1, !Ref "AWS::NoValue"]
      Many: [!If [Either, yes-text, no-text], !If [Both, x, !Ref "AWS::NoValue"]]
      Arn: !GetAtt Other.Arn
      Version: 2012-10-17
      Statement: [{Condition: {Bool: {"aws:SecureTransport": "false"}}}]
  Other:
    Type: AWS::SNS::Topic
    Condition: IsProduction
Outputs:
  Topic: {Condition: IsProduction, Value: !Ref Other}
"""


def evaluated(**parameters: str) -> dict[str, Any]:
    return evaluate(parse_template(TEMPLATE, "here"), parameters)


def test_functions_are_resolved_as_the_service_resolves_them() -> None:
    resources = evaluated(Name="n")["Resources"]
    assert set(resources) == {"Always"}
    assert resources["Always"]["Properties"] == {
        "Name": "n-eu-west-1-${Literal}-<Other.Arn>-<Other>",
        "Own": "test!",
        "Size": "ml.t3.medium",
        "First": "a",
        "Parts": ["a", "b"],
        "Joined": "arn:aws:sns",
        "Many": ["yes-text"],
        "Arn": "<Other.Arn>",
        "Version": "2012-10-17",
        "Statement": [{"Condition": {"Bool": {"aws:SecureTransport": "false"}}}],
    }


def test_conditions_decide_what_is_there() -> None:
    found = evaluated(Name="n", EnvType="prod")
    assert found["Outputs"] == {"Topic": {"Value": "<Other>"}}
    assert found["Resources"]["Always"]["Properties"]["Left"] == 1
    assert found["Resources"]["Always"]["Properties"]["Many"] == ["yes-text", "x"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "These parameters of the template have no value: Name."),
        ({"Name": "n", "Nmae": "m"}, "The template has no parameter Nmae."),
    ],
)
def test_parameters_are_checked(parameters: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        evaluated(**parameters)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "here is no YAML"), ("a: 1", "here must be a CloudFormation template")],
)
def test_what_is_no_template_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_template(text, "here")
