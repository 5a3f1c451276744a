"""Names of what is retained, written out: CloudFormation takes over only what it knows by name.

A change set with `ImportExistingResources` takes a resource that is there already, such as a table
that an earlier stack has left, if the template holds its name as it is, and no function of it:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from sagetabular.infrastructure.kinds import NAMES
from sagetabular.infrastructure.templates import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagetabular.infrastructure.concerns import Concern

RETAINED = ("Retain", "RetainExceptOnCreate")


def with_names(concern: Concern, values: Mapping[str, str], account: str, region: str) -> str:
    """Return a template's text with the names of what it retains.

    Args:
        concern: The template.
        values: Of its parameters; names that depend on one in `<>` stay as they are.
        account: Number of the account that they are in.
        region: Where they are.
    """
    made = evaluate(concern.template, values, account, region)["Resources"]
    names = {}
    for resource, each in made.items():
        member, _ = NAMES.get(each["Type"], ("", 0))
        name = each.get("Properties", {}).get(member)
        if each.get("DeletionPolicy") in RETAINED and isinstance(name, str) and "<" not in name:
            names[resource, member] = name
    text = concern.text
    places = sorted(_places(text, names), reverse=True)
    for start, end, name in places:
        text = f"{text[:start]}{json.dumps(name)}{text[end:]}"
    return text


def _places(text: str, names: Mapping[tuple[str, str], str]) -> Iterator[tuple[int, int, str]]:
    """Yield begin, end and name of each value in the text that is to be a name."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for (resource, member), name in names.items():
        node = root
        for key in ("Resources", resource, "Properties", member):
            node = _child(node, key)
        if node is not None:
            start = node.start_mark.index
            # A block ends where the next line begins, a plain value with its last character.
            written = text[start : node.end_mark.index].rstrip()
            yield start, start + len(written), name


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)
