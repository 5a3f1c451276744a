"""Logical ids and types of release 1.4.0 stay.

CloudFormation knows a resource by its logical id: under another one it is made anew, and the old
one removed or, where it is retained, left behind with its data, in the way of the new one's name.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
An id may be added to the golden file; one that is in it is neither renamed nor removed.

What a type takes only where it creates a resource, such as the description of a managed policy,
stays too: a change would replace the resource, which CloudFormation refuses where it has a name of
ours. The second golden file has these, of the organisation's stack as well.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
"""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from tests.studio import organisation
from tests.studio.assembled import template

GOLDEN = Path(__file__).parent / "golden" / "logical_ids.json"
CREATE_ONLY = json.loads(GOLDEN.with_name("create_only.json").read_text(encoding="utf-8"))
FACTS: dict[str, list[str]] = CREATE_ONLY["types"]
TEMPLATES = {"project": template, "organisation": organisation.template}
# Its address and branch are the answers of who creates the project.
ANSWERED = "AWS::SageMaker::CodeRepository"


def test_logical_ids_and_types_are_those_that_projects_have() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    found = {name: each["Type"] for name, each in template()["Resources"].items()}
    assert "replace" in golden["reason"]
    assert dict(sorted(found.items())) == golden["1.4.0"]


def member(node: Any, name: str) -> Any:
    """Return a property; None if there is none."""
    return node.get(name) if isinstance(node, dict) else None


def create_only(written: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what must stay of each resource, as it is written, by logical id and property."""
    found = {}
    for name, entry in sorted(written["Resources"].items()):
        kind = entry["Type"]
        paths = [] if kind == ANSWERED or kind.startswith("Custom::") else FACTS[kind]
        values = {path: reduce(member, path.split("/")[2:], entry["Properties"]) for path in paths}
        found[name] = {path: value for path, value in values.items() if value is not None}
    return {name: values for name, values in found.items() if values}


@pytest.mark.parametrize("stack", TEMPLATES)
def test_what_would_replace_a_resource_stays(stack: str) -> None:
    golden = CREATE_ONLY[f"{stack} 1.4.0"]
    assert "/properties/Description" in json.dumps(golden), "of managed policies"
    assert create_only(TEMPLATES[stack]()) == golden


@pytest.mark.parametrize("stack", TEMPLATES)
def test_types_of_all_resources_are_known(stack: str) -> None:
    types = {entry["Type"] for entry in TEMPLATES[stack]()["Resources"].values()}
    assert {one for one in types if not one.startswith("Custom::")} <= {*FACTS}
