"""Change entries of a YAML file as text: what is not changed keeps its layout and its comments."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from sagetabular.errors import UserError
from sagetabular.starting.changes.yaml_words import written

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEP = 2
_BEHIND = re.compile(r"\s(#.*?)\s*$")


@dataclass(frozen=True)
class Entry:
    """An entry to write: a key, its value, and how the value is laid out.

    Attributes:
        path: The keys that lead to it.
        value: What it is to be; None to take it out.
        lines: The value as lines below the key, where one line is not enough.
        comment: Stands behind the key if nothing does yet.
        anew: Whether it takes the place of a comment that is there.
        instead_of: Another key of the same mapping, in whose place it comes.
        after: Keys behind the first of which it comes, if it is new.
    """

    path: tuple[str, ...]
    value: Any
    lines: tuple[str, ...] = ()
    comment: str = ""
    anew: bool = False
    instead_of: str | None = None
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Place:
    """An entry of a block mapping: its lines, its column, and the comment behind its key."""

    start: int
    end: int
    column: int
    comment: str

    def moved(self, lines: int) -> _Place:
        """Return the place so many lines below."""
        return replace(self, start=self.start + lines, end=self.end + lines)


def with_entries(text: str, entries: Sequence[Entry], label: str) -> str:
    """Return a YAML file with other entries; entries that are so already stay as they are.

    A new entry takes the place of a comment that is an example of it, `# key: value`.

    Args:
        text: The file, one mapping.
        entries: What to write, in order.
        label: How errors name the file.

    Raises:
        UserError: The file is laid out in a way that leaves no place for one.
    """
    ends = "\r\n" if "\r\n" in text else "\n"
    text = text.replace("\r\n", "\n")
    for entry in entries:
        before = yaml.safe_load(text)
        wanted = _wanted(before, entry)
        if wanted == before and value_at(before, entry.path) == entry.value:
            continue
        try:
            changed = _changed(text, entry)
            arrived = yaml.safe_load(changed) == wanted
        except (yaml.YAMLError, ValueError, IndexError):
            arrived = False
        if not arrived:
            field = ".".join(entry.path)
            msg = f"{label}: {field} cannot be written as the file is laid out."
            raise UserError(
                msg, f"Write {field} on lines of its own, a key a line, as new projects do."
            )
        text = changed
    return text.replace("\n", ends)


def value_at(document: Any, path: Sequence[str]) -> Any:
    """Return the value of an entry; None if it, or what it stands in, is missing."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _wanted(document: Any, entry: Entry) -> Any:
    """Return the content that the file should have."""
    *parents, last = entry.path
    if not parents:
        rest = {
            key: value for key, value in document.items() if key not in (last, entry.instead_of)
        }
        return rest if entry.value is None else {**rest, last: entry.value}
    inner = document.get(parents[0]) or {}
    below = Entry(entry.path[1:], entry.value, instead_of=entry.instead_of)
    return {**document, parents[0]: _wanted(inner, below)}


def _changed(text: str, entry: Entry) -> str:
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    lines = _complete(text)
    span = (0, len(lines))
    for depth, key in enumerate(entry.path[:-1]):
        inner = _item(node, key)
        if inner is None:
            return _inserted(lines, node, _section(entry, depth))
        node, place = inner[1], _place(lines, inner)
        span = (place.start + 1, place.end)
    if node.flow_style:
        return _in_flow(text, node, entry)
    present = _item(node, entry.path[-1]) or _item(node, entry.instead_of)
    if present is not None:
        place = _place(lines, present)
    elif entry.value is None:
        return text
    else:
        commented = _commented(lines[slice(*span)], entry, node.start_mark.column)
        if commented is None:
            return _inserted(lines, node, entry)
        place = commented.moved(span[0])
    new = [] if entry.value is None else _lines(entry, place.column, place.comment)
    return "".join([*lines[: place.start], *new, *lines[place.end :]])


def _section(entry: Entry, depth: int) -> Entry:
    """Return the entry of a section that is not there yet."""
    value = entry.value
    for name in reversed(entry.path[depth + 1 :]):
        value = {name: value}
    return Entry(entry.path[: depth + 1], value)


def _commented(lines: Sequence[str], entry: Entry, column: int) -> _Place | None:
    """Return the line of a mapping on which an entry stands as a comment."""
    start = " " * column + f"# {entry.path[-1]}: "
    for number, line in enumerate(lines):
        if line.startswith(start):
            behind = _BEHIND.search(line[len(start) :])
            return _Place(number, number + 1, column, behind[1] if behind else "")
    return None


def _item(node: Any, key: str | None) -> tuple[Any, Any] | None:
    found = [pair for pair in node.value if pair[0].value == key]
    return found[0] if found else None


def _inserted(lines: Sequence[str], node: Any, entry: Entry) -> str:
    """Put a new entry behind one that is named, or behind the last."""
    items = [item for key in entry.after if (item := _item(node, key))] or [node.value[-1]]
    place = _place(lines, items[0])
    return "".join([*lines[: place.end], *_lines(entry, place.column, ""), *lines[place.end :]])


def _complete(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return lines


def _place(lines: Sequence[str], item: tuple[Any, Any]) -> _Place:
    key, value = item
    start, column = key.start_mark.line, key.start_mark.column
    end = _last_line(value) + 1
    on_one_line = value.start_mark.line == start
    if not on_one_line:  # comments below the last line of a block belong to it
        end = _with_comments(lines, end, column)
    behind = value.end_mark.column if on_one_line and end == start + 1 else key.end_mark.column + 1
    rest = lines[start][behind:].strip()
    return _Place(start, end, column, rest if rest.startswith("#") else "")


def _last_line(node: Any) -> int:
    """Return the line on which a value ends, without what is empty or a comment below it."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        end = node.end_mark
        empty = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
        return int(
            end.line - 1
            if empty or (end.column == 0 and end.line > node.start_mark.line)
            else end.line
        )
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)


def _with_comments(lines: Sequence[str], end: int, column: int) -> int:
    while end < len(lines):
        line = lines[end]
        margin = len(line) - len(line.lstrip(" "))
        if margin <= column or not line.lstrip().startswith("#"):
            break
        end += 1
    return end


def _lines(entry: Entry, column: int, comment: str) -> list[str]:
    margin = " " * column
    if entry.anew or not comment:
        comment = f"# {entry.comment}" if entry.comment else ""
    key = written(entry.path[-1])
    first = f"{key}:" if entry.lines else f"{key}: {written(entry.value)}"
    # A comment stands where the template's stand.
    first = f"{margin}{first}"
    first = f"{first:<26} {comment}" if comment else first
    below = [f"{margin}{' ' * _STEP}{line}" for line in entry.lines]
    return [f"{line.rstrip()}\n" for line in (first, *below)]


def _in_flow(text: str, node: Any, entry: Entry) -> str:
    """Write the whole mapping anew, on its line."""
    content = yaml.safe_load(text[node.start_mark.index : node.end_mark.index])
    for key in (entry.path[-1], entry.instead_of):
        content.pop(key, None)
    if entry.value is not None:
        content[entry.path[-1]] = entry.value
    start, end = node.start_mark.index, node.end_mark.index
    return f"{text[:start]}{written(content)}{text[end:]}"
