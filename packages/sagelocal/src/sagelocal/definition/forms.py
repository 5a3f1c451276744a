"""Forms: what an expression must look like, before it is asked what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sagelocal.definition.expressions import is_expression, parse_path, parse_reference
from sagelocal.errors import DefinitionError, did_you_mean

_MEMBERS = {
    "Std:Join": {"On", "Values"},
    "Std:JsonGet": {"PropertyFile", "S3Uri", "Path"},
}

_WRITE = {
    "Std:Join": 'Write {"Std:Join": {"On": …, "Values": […]}}.',
    "Std:JsonGet": 'Write {"Std:JsonGet": {"PropertyFile": {"Get": …}, "Path": …}}.',
}


def form_problems(node: object) -> Iterator[tuple[str, str]]:
    """Yield rule and remedy of every expression in a part of a definition that is none."""
    if is_expression(node):
        assert isinstance(node, Mapping)  # noqa: S101 - what an expression is
        ((kind, content),) = node.items()
        if kind == "Get":
            yield from _get_problems(content)
            return
        found = _wrong_members(kind, content) or _wrong_content(kind, content)
        if found:
            yield found
            return
        node = content
    if isinstance(node, Mapping):
        node = list(node.values())
    if isinstance(node, Sequence) and not isinstance(node, str):
        for item in node:
            yield from form_problems(item)


def _get_problems(content: object) -> Iterator[tuple[str, str]]:
    try:
        parse_reference(content)
    except DefinitionError as error:
        yield error.message.removesuffix("."), error.remedy


def _wrong_members(kind: str, content: object) -> tuple[str, str] | None:
    if not isinstance(content, Mapping) or is_expression(content):
        return f"{kind} must hold an object with its members, got {content!r:.80}", _WRITE[kind]
    for member in content:
        if member not in _MEMBERS[kind]:
            return f"{kind} has no member {member}", did_you_mean(str(member), _MEMBERS[kind])
    return None


def _wrong_content(kind: str, content: Mapping[str, object]) -> tuple[str, str] | None:
    return _wrong_join(content) if kind == "Std:Join" else _wrong_json_get(content)


def _wrong_join(content: Mapping[str, object]) -> tuple[str, str] | None:
    on, values = content.get("On"), content.get("Values")
    if not isinstance(on, str):
        return f"Std:Join.On must be text, got {on!r:.80}", "It is what stands between the values."
    if not isinstance(values, list):
        return f"Std:Join.Values must be a list, got {values!r:.80}", _WRITE["Std:Join"]
    for value in values:
        if not is_expression(value) and not isinstance(value, str | int | float):
            rule = f"Std:Join takes text, numbers, booleans and expressions, got {value!r:.80}"
            return rule, "Join what is in it."
    return None


def _wrong_json_get(content: Mapping[str, object]) -> tuple[str, str] | None:
    file, address, path = (content.get(key) for key in ("PropertyFile", "S3Uri", "Path"))
    if (file is None) == (address is None):
        return "Std:JsonGet needs either a PropertyFile or an S3Uri", "Name the one that it reads."
    if file is not None and not _is_property_file(file):
        return (
            f"Std:JsonGet.PropertyFile must be a Get of Steps.<step>.PropertyFiles.<name>, got "
            f"{file!r:.80}"
        ), _WRITE["Std:JsonGet"]
    if address is not None and not isinstance(address, str) and not is_expression(address):
        return f"Std:JsonGet.S3Uri must be text or an expression, got {address!r:.80}", (
            _WRITE["Std:JsonGet"]
        )
    try:
        parse_path(path if isinstance(path, str) else "")
    except DefinitionError:
        return (
            f"Std:JsonGet.Path must be a path such as $.a.b['c'][0], got {path!r:.80}",
            "A local run has no wildcards, filters, slices or recursive descent: name one value.",
        )
    return None


def _is_property_file(file: object) -> bool:
    if not isinstance(file, Mapping) or set(file) != {"Get"}:
        return False
    try:
        reference = parse_reference(file["Get"])
    except DefinitionError:
        return False
    return reference.scope == "Steps" and reference.path[:1] == ("PropertyFiles",)
