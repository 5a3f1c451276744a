"""Logical ids and types of release 1.4.0 stay.

CloudFormation knows a resource by its logical id: under another one it is made anew, and the old
one removed or, where it is retained, left behind with its data, in the way of the new one's name.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
An id may be added to the golden file; one that is in it is neither renamed nor removed.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.studio.assembled import template

GOLDEN = Path(__file__).parent / "golden" / "logical_ids.json"


def test_logical_ids_and_types_are_those_that_projects_have() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    found = {name: each["Type"] for name, each in template()["Resources"].items()}
    assert "replace" in golden["reason"]
    assert dict(sorted(found.items())) == golden["1.4.0"]
