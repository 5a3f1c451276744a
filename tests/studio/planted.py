"""A small frame and a small fragment, into which tests plant what they are about."""

from __future__ import annotations

from typing import Any

from sagetabular.infrastructure.templates import parse_template
from studio.publishing.assembly import assemble_from

FRAME = """
AWSTemplateFormatVersion: "2010-09-09"
Description: Planted
Metadata:
  AWS::CloudFormation::Interface:
    ParameterGroups: [{Label: {default: All}, Parameters: [Name, Kind, Email]}]
    ParameterLabels: {Name: {default: Name}}
  SagemakerTemplateParameterRules: {}
  Fragments:
    part: {Project: !Ref Name}
Parameters:
  Name: {Type: String, AllowedPattern: "^[a-z]+$", Description: A name}
  Kind: {Type: String, Default: one, AllowedValues: [one, two, three], Description: A kind}
  Email: {Type: String, Default: "", Description: An address}
  Release: {Type: String, AllowedPattern: "^[0-9.]+$", Description: A release}
Mappings:
  Kinds: {one: {Group: odd}, two: {Group: even}, three: {Group: odd}}
Conditions:
  IsTwo: !Equals [!Ref Kind, two]
Resources:
  Own: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name}}
Outputs: {}
"""
FIXED = {"Release": "1.0"}


def frame(**fragments: str) -> dict[str, Any]:
    """Return the frame; fragment → what it says of it, as YAML in flow style."""
    written = "\n".join(f"    {name}: {said}" for name, said in fragments.items())
    text = FRAME.replace("    part: {Project: !Ref Name}", written) if fragments else FRAME
    return parse_template(text, "planted frame")


def assembled(texts: dict[str, str], **fragments: str) -> dict[str, Any]:
    """Return what a frame makes of fragments.

    Args:
        texts: Fragment → YAML.
        fragments: Fragment → what the frame says of it.
    """
    text = assemble_from(frame(**fragments), texts, FIXED)
    return parse_template(text, "planted")


def part(properties: str, head: str = "", more: str = "") -> dict[str, str]:
    """Return a fragment with one topic.

    Args:
        properties: Of the topic, as YAML in flow style.
        head: Sections before the resources.
        more: Resources after the topic, indented.
    """
    return {
        "part": f"""
Parameters:
  Project: {{Type: String}}
{head}
Resources:
  Topic: {{Type: AWS::SNS::Topic, Properties: {properties}}}
{more}
"""
    }


def topic(properties: str, head: str = "", said: str = "{Project: !Ref Name}") -> Any:
    """Return the properties of the topic of a fragment, assembled."""
    found = assembled(part(properties, head), part=said)
    return found["Resources"]["PartTopic"]["Properties"]
