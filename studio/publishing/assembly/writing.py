"""A template as people read it: short forms, code as it is written, a comment for each resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# PyYAML ends a line with the word that passes its width, and all is indented once more.
_WIDTH = 80
_SHORT = 70  # characters
_DEPTH = 2  # of what stands in one line: a list of mappings, or the other way round
# Of a template, in the order in which people read them.
_SECTIONS = ("Metadata", "Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs")
# Their entries stand apart.
_APART = ("Parameters", "Rules", "Resources", "Outputs")
# Of rules: AWS documents them without a short form.
_LONG = ("Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::RefAll", "Fn::ValueOf")


class _Block(dict[str, Any]):
    """A mapping with a line for each key, however short."""


class _Dumper(yaml.SafeDumper):
    """Writes functions in their short form, and texts of many lines as blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # nothing is an alias
        """Write equal parts as often as they are there."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Indent lists below their key."""
        super().increase_indent(flow, indentless=False)

    def choose_scalar_style(self) -> str:
        """Leave out quotes behind a function where YAML needs none."""
        chosen: str = super().choose_scalar_style()
        tag, analysis = getattr(self.event, "tag", None), self.analysis
        if chosen != "'" or analysis is None or not str(tag).startswith("!"):
            return chosen
        plain = analysis.allow_flow_plain if self.flow_level else analysis.allow_block_plain
        return "" if plain and analysis.scalar else chosen


def _mapping(dumper: _Dumper, node: dict[str, Any]) -> yaml.Node:
    if len(node) == 1:
        (name, argument), = node.items()  # fmt: skip
        short = _short(name, argument)
        if name == "Fn::GetAtt":
            return dumper.represent_scalar(short, ".".join(argument))
        if short and isinstance(argument, str):
            return dumper.represent_scalar(short, argument)
        if short and isinstance(argument, list):
            return dumper.represent_sequence(short, argument, flow_style=_is_flat(argument))
    return dumper.represent_mapping("tag:yaml.org,2002:map", node, flow_style=_is_flat(node))


def _short(name: str, argument: Any) -> str:
    """Return the tag of a function; empty for what is none."""
    if name == "Ref" or (name == "Condition" and isinstance(argument, str)):
        return f"!{name}"
    known = name.startswith("Fn::") and name not in _LONG
    return f"!{name.removeprefix('Fn::')}" if known else ""


def _is_flat(node: Any) -> bool:
    """Return whether a node is short enough for a part of a line."""
    return len(str(node)) <= _SHORT and "\\n" not in str(node) and _depth(node) <= _DEPTH


def _depth(node: Any) -> int:
    if isinstance(node, dict):
        if _is_reference(node):
            return 0
        if len(node) == 1 and next(iter(node)).startswith("Fn::"):
            return _depth(next(iter(node.values())))
        return 1 + max(map(_depth, node.values()), default=0)
    if isinstance(node, list):
        return 1 + max(map(_depth, node), default=0)
    return 0


def _is_reference(node: dict[str, Any]) -> bool:
    return list(node) in (["Ref"], ["Fn::GetAtt"], ["Fn::Sub"])


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else ">" if len(text) > _SHORT and " " in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _list(dumper: _Dumper, items: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=_is_flat(items))


def _block(dumper: _Dumper, node: _Block) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", dict(node), flow_style=False)


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(_Block, _block)
_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)


def write(template: Mapping[str, Any], head: str, places: Mapping[str, str]) -> str:
    """Return a template as YAML; the same template gives the same bytes.

    Args:
        template: Functions in their long form.
        head: Comment that it begins with, without the signs.
        places: Logical id → file that the resource comes from.
    """
    return "\n".join([*(f"# {line}" for line in head.splitlines()), *_lines(template, places), ""])


def _lines(template: Mapping[str, Any], places: Mapping[str, str]) -> Iterator[str]:
    for name in ("AWSTemplateFormatVersion", "Description"):
        yield _dumped({name: template[name]})
    for section in _SECTIONS:
        if not template.get(section):
            continue
        yield f"\n{section}:"
        for key, entry in template[section].items():
            if section in _APART:
                yield ""
            if section == "Resources":
                yield f"  # {places[key]}"
            yield _indented(_dumped({key: _in_lines(entry) if section in _APART else entry}))


def _in_lines(entry: Mapping[str, Any]) -> _Block:
    properties = entry.get("Properties")
    return _Block({**entry, "Properties": _Block(properties)} if properties else entry)


def _dumped(node: Mapping[str, Any]) -> str:
    return yaml.dump(
        _Block(node), Dumper=_Dumper, width=_WIDTH, sort_keys=False, allow_unicode=True
    ).rstrip("\n")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.split("\n"))
