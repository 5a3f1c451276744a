"""YAML text → values and how they are written, without what YAML makes of words and numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

# Path of keys and positions → the text, of what is written without quotes and read as no text.
Written = dict[tuple[str | int, ...], str]

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
# A settings file has some hundred values; aliases of aliases make a billion of a few lines.
_MOST_VALUES = 200_000
_LONGEST_NUMBER = 400
# YAML 1.1 reads these as truth values, YAML 1.2 and most people as words.
_WORDS = re.compile(r"y|n|yes|no|on|off", re.IGNORECASE)
# 010 is 8 there, and 1:30 is 90.
_SURPRISING = re.compile(r"[-+]?(0[0-7_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)", re.ASCII)


class MisreadError(yaml.YAMLError):
    """Something is read as what nobody means who writes it; `remedy` says how to write it.

    Attributes:
        line: Where it stands, counted from 0.
        column: Likewise.
        remedy: How to write it.
    """

    def __init__(self, message: str, remedy: str, mark: yaml.Mark) -> None:
        super().__init__(message)
        self.remedy, self.line, self.column = remedy, mark.line, mark.column


def load(text: str) -> tuple[Any, Written]:
    """Return the one document in a text, and how its values are written.

    Raises:
        MisreadError: Something would be read as what it is not.
        YAMLError: It is no YAML, or would fill the memory.
        RecursionError: It is nested too deeply.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, {}
        _count(node, {})
        return loader.construct_document(node), dict(_written(node, ()))
    finally:
        loader.dispose()


def quoted(text: str) -> str:
    """Return what a remedy asks for: the text in quotes."""
    return f'Put it in quotes: "{text}".'


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses what YAML 1.1 lets pass, such as a key that stands twice."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        _check_number(node)
        try:
            return super().construct_object(node, deep=deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as err:
            # For example the date 2026-02-30, or `!!int ""`.
            msg = f"{_cut(node.value)} is no {node.tag.rpartition(':')[2]}"
            raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark) from err

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        written = [key for key, _ in node.value if key.tag != _MERGE]
        found: set[Hashable] = set()
        for each in written:
            _check_key(each)
            key = self.construct_object(each, deep=deep)
            if key in found:
                msg = f"the key {key!r} stands twice"
                raise yaml.constructor.ConstructorError(None, None, msg, each.start_mark)
            found.add(key)
        return super().construct_mapping(node, deep=deep)

    def construct_sequence(self, node: yaml.SequenceNode, deep: bool = False) -> list[Any]:
        for each in node.value:
            if _is_plain(each) and each.tag == f"{_TAG}bool" and _WORDS.fullmatch(each.value):
                raise MisreadError(
                    f"{each.value} is read as {_meaning(each)}.",
                    f'Put it in quotes, "{each.value}", or write {_meaning(each)}.',
                    each.start_mark,
                )
        found: list[Any] = super().construct_sequence(node, deep=deep)
        return found


# YAML 1.1 takes 1e-3 for text; whoever writes it means the number.
_Loader.add_implicit_resolver(
    f"{_TAG}float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def _check_key(node: yaml.Node) -> None:
    """Refuse a key that is no text, such as a column called `no` or `2019`."""
    if not isinstance(node, yaml.ScalarNode):
        msg = "a key must be text"
        raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark)
    if _is_plain(node) and node.tag != f"{_TAG}str":
        number = node.tag in (f"{_TAG}int", f"{_TAG}float")
        meaning = "a number" if number else _meaning(node)
        key = node.value[:100]
        raise MisreadError(f"the key {key} is read as {meaning}.", quoted(key), node.start_mark)


def _check_number(node: yaml.Node) -> None:
    """Refuse numbers that are written in ways that only YAML 1.1 knows, or without end."""
    if node.tag not in (f"{_TAG}int", f"{_TAG}float") or not isinstance(node.value, str):
        return
    if len(node.value) > _LONGEST_NUMBER:
        msg = f"{_cut(node.value)} is no {node.tag.rpartition(':')[2]}, but {len(node.value)} signs"
        raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark)
    if _is_plain(node) and _SURPRISING.fullmatch(node.value):
        msg = f"{node.value} is read as {_meaning(node)}."
        remedy = f"{quoted(node.value)[:-1]}, or write {_meaning(node)}."
        raise MisreadError(msg, remedy, node.start_mark)


def _count(node: yaml.Node, known: dict[int, int | None]) -> int:
    """Return how many values a node stands for, all aliases followed."""
    if id(node) not in known:
        known[id(node)] = None
        children = [node.value] if isinstance(node.value, str) else [*_children(node)]
        known[id(node)] = 1 + sum(
            1 if isinstance(each, str) else _count(each, known) for each in children
        )
    number = known[id(node)]
    if number is None:
        msg = "an alias stands inside of what it names"
        raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark)
    if number > _MOST_VALUES:
        msg = f"it must hold at most {_MOST_VALUES:,} values, got {number:,}"
        raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark)
    return number


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    for each in node.value:
        yield from each if isinstance(each, tuple) else (each,)


def _written(node: yaml.Node, path: tuple[str | int, ...]) -> Iterator[tuple[Any, str]]:
    """Yield path and text of everything that is written plainly and is no text."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield from _written(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from _written(value, (*path, position))
    elif _is_plain(node) and node.tag != f"{_TAG}str" and node.value:
        yield path, node.value


def _is_plain(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value != ""


def _meaning(node: yaml.Node) -> str:
    """Return what YAML 1.1 takes a plain value for."""
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except ValueError:  # the date 2026-02-30
        return f"a {node.tag.rpartition(':')[2]}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    kind = "the date " if node.tag == f"{_TAG}timestamp" else ""
    return f"{kind}{value}" if kind or not isinstance(value, int | float) else f"{value!r}"


def _cut(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
