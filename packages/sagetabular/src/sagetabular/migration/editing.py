"""Change a field of a YAML file as text, so that comments and layout stay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence


def value_at(document: Any, path: Sequence[str]) -> Any:
    """Return the value of a field; None if it, or what it stands in, is missing."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def with_value(text: str, path: Sequence[str], value: Any, label: str) -> str:
    """Return the text of a YAML mapping with another value in a field.

    Args:
        text: The file.
        path: Keys that lead to the field; missing ones are added.
        value: Anything that JSON can say.
        label: How errors name the file.

    Raises:
        UserError: The file is written in a way that leaves no place for it.
    """
    try:
        changed = _changed(text, [*path], value)
        arrived = value_at(yaml.safe_load(changed), path) == value
    except yaml.YAMLError:  # for example a file that ends with `...`
        arrived = False
    if not arrived:
        msg = f"{label}: {'.'.join(path)} cannot be set to {json.dumps(value)[:100]} as it stands."
        raise UserError(msg, "Write it there by hand, and run the import again.")
    return changed


def _changed(text: str, path: list[str], value: Any) -> str:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for depth, key in enumerate(path):
        if not isinstance(node, yaml.MappingNode):
            return _replaced(text, node, _nested(path[depth:], value))
        inner = [item for name, item in node.value if name.value == key]
        if not inner:
            return _added(text, node, path[depth:], value)
        node = inner[0]
    return _replaced(text, node, value)


def _nested(path: list[str], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _replaced(text: str, node: Any, value: Any) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    # A block ends where the next key begins, behind comments that belong to that.
    rest = text[end:] if node.start_mark.line == node.end_mark.line else f"\n{text[end:]}"
    blank = "" if text[:start].endswith((" ", "\n")) or not start else " "
    return f"{text[:start]}{blank}{json.dumps(value)}{rest}"


def _added(text: str, node: yaml.MappingNode, path: list[str], value: Any) -> str:
    """Put a key in front of a mapping's first one, or at the end of the file."""
    line = f"{path[0]}: {json.dumps(_nested(path[1:], value))}"
    start = node.start_mark.index
    if node.flow_style:
        comma = ", " if node.value else ""
        return f"{text[: start + 1]}{line}{comma}{text[start + 1 :]}"
    if node.start_mark.column == 0:
        if isinstance(value, list) and not path[1:]:
            line = "\n".join([f"{path[0]}:", *(f"  - {json.dumps(item)}" for item in value)])
        return f"{text.rstrip()}\n{line}\n"
    return f"{text[:start]}{line}\n{' ' * node.start_mark.column}{text[start:]}"
