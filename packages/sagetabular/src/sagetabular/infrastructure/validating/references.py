"""What a template refers to is there, and no value is null."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")


def unknown_references(template: Mapping[str, Any]) -> list[str]:
    """Return what is referred to and is not there, each as a sentence.

    Args:
        template: As `parse_template` returns it.
    """
    resources, parameters = template["Resources"], template.get("Parameters") or {}
    conditions = template.get("Conditions") or {}
    values = {*resources, *parameters}
    found = []
    for kind, name in _references(template):
        if kind == "condition":
            if name not in conditions:
                found.append(f"there is no condition {name}")
        elif kind == "resource":
            if name not in resources:
                found.append(f"there is no resource {name}")
        elif not name.startswith("AWS::") and name not in values:
            found.append(f"there is neither a resource nor a parameter {name}")
    return list(dict.fromkeys(found))


def null_values(node: Any, path: str = "") -> list[str]:
    """Return where a template has `null`, which CloudFormation refuses, each as a sentence.

    Args:
        node: The template, or a part of it.
        path: Of that part.
    """
    if node is None:
        return [f"{path} must have a value: CloudFormation takes no null"]
    if isinstance(node, dict):
        parts: list[tuple[str, Any]] = [(f"{path}.{key}".lstrip("."), node[key]) for key in node]
    elif isinstance(node, list):
        parts = [(f"{path}.{number}", each) for number, each in enumerate(node)]
    else:
        return []
    return [text for place, each in parts for text in null_values(each, place)]


def _references(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield kind and name of each reference: `value`, `resource` or `condition`."""
    for section in ("Resources", "Outputs"):
        for entry in (template.get(section) or {}).values():
            if "Condition" in entry:
                yield "condition", entry["Condition"]
            depends = entry.get("DependsOn", [])
            for name in [depends] if isinstance(depends, str) else depends:
                yield "resource", name
            yield from _inside({key: value for key, value in entry.items() if key != "Condition"})
    yield from _inside(template.get("Conditions") or {})


def _inside(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for entry in node:
            yield from _inside(entry)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _of_function(key, value)


def _of_function(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if key == "Ref":
        yield "value", str(value)
    elif key == "Fn::GetAtt":
        yield "resource", str(value[0] if isinstance(value, list) else value.partition(".")[0])
    elif key == "Fn::Sub":
        yield from _of_sub(value)
    elif key == "Condition" and isinstance(value, str):
        yield "condition", value
    else:
        if key == "Fn::If":
            yield "condition", str(value[0])
        yield from _inside(value)


def _of_sub(value: Any) -> Iterator[tuple[str, str]]:
    text, own = (value, {}) if isinstance(value, str) else (value[0], value[1])
    yield from _inside(own)
    for name in _VARIABLE.findall(text):
        if name not in own:
            yield ("resource" if "." in name else "value"), name.partition(".")[0]
