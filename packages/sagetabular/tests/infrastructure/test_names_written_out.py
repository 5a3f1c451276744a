"""Names of what is retained stand in the template as CloudFormation is sent it."""

from __future__ import annotations

import pytest
import yaml

from sagetabular.infrastructure.concerns import Concern
from sagetabular.infrastructure.stacking.naming import with_names
from sagetabular.infrastructure.templates import evaluate, parse_template

TEMPLATE = """\
Parameters:
  Project: {{Type: String}}
  Other: {{Type: String}}
Resources:
  Table:  # why
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      TableName: {name}
      BillingMode: PAY_PER_REQUEST  # why not
  Unkept:
    Type: AWS::DynamoDB::Table
    Properties: {{TableName: !Sub "x-${{Project}}"}}
  Attribute:
    Type: AWS::SNS::Topic
    DeletionPolicy: RetainExceptOnCreate
    Properties: {{TopicName: !Sub "${{Table.Arn}}-x"}}
  Nameless:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
"""
FORMS = {
    "tag": '!Sub "sagemaker-${Project}-starts"',
    "plain": "!Sub sagemaker-${Project}-starts  # a comment",
    "long": '{"Fn::Sub": "sagemaker-${Project}-starts"}',
    "block": "\n        Fn::Sub: sagemaker-${Project}-starts\n",
    "join": "!Join\n        - '-'\n        - [sagemaker, !Ref Project, starts]\n",
    "folded": "!Sub >-\n        sagemaker-${Project}-starts\n",
    "written": "sagemaker-p-starts",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_name_is_written_out_and_all_else_stays(form):
    text = TEMPLATE.format(name=FORMS[form])
    values = {"Project": "p", "Other": "o"}
    sent = with_names(Concern("own", text), values, "111122223333", "eu-west-1")
    before, after = parse_template(text, "t"), parse_template(sent, "t")
    assert after["Resources"]["Table"]["Properties"]["TableName"] == "sagemaker-p-starts"
    assert evaluate(before, values) == evaluate(after, values)
    for kept in ("Unkept", "Attribute", "Nameless"):
        assert after["Resources"][kept] == before["Resources"][kept]
    assert "# why\n" in sent and "# why not\n" in sent
    assert yaml.compose(sent, Loader=yaml.SafeLoader) is not None


def test_what_is_not_known_yet_stays():
    text = TEMPLATE.format(name="!Ref Other")
    values = {"Project": "p", "Other": "<roles.X>"}
    assert with_names(Concern("own", text), values, "111122223333", "eu-west-1") == text


def test_account_and_region_are_the_real_ones():
    text = TEMPLATE.format(name='!Sub "${AWS::AccountId}-${AWS::Region}"')
    values = {"Project": "p", "Other": "o"}
    sent = with_names(Concern("own", text), values, "111122223333", "eu-west-1")
    assert 'TableName: "111122223333-eu-west-1"\n' in sent
