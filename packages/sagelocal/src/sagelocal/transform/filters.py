"""Filters: the part of JSONPath that batch transform knows, to take a piece of a record.

===================  =========================================================
`$`                  the record
`.name`              an attribute
`['a', 'b']`         several attributes, as an object; only at the end
`[1]`, `[0,-1]`      elements, from 0, or from the end
`[1:]`, `[0,5:]`     slices, without the element at their end; may stand in a list
`*`                  all attributes or elements
===================  =========================================================

The service's documentation says in one place that a slice includes its end, and elsewhere that it
does not; its users' filters (`$[:-1]` drops a label in the last column) work because it does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sagelocal.errors import DefinitionError, RecordError

_NAME = r"'[^']*'|\"[^\"]*\""
_PLACE = r"(?:-?\d+)?:(?:-?\d+)?|-?\d+"
_PART = re.compile(
    rf"\.(?P<name>[^.\[\]()*'\"\s]+)|(?P<all>\.\*|\.?\[\*\])"
    rf"|\.?\[\s*(?P<names>(?:{_NAME})(?:\s*,\s*(?:{_NAME}))*)\s*\]"
    rf"|\.?\[\s*(?P<places>(?:{_PLACE})(?:\s*,\s*(?:{_PLACE}))*)\s*\]"
)


@dataclass(frozen=True)
class Part:
    """One part of a path.

    Attributes:
        take: Returns the values that it leads to from a value.
        single: Whether that is always one value.
        named: Whether it asks for attributes; otherwise for elements, or for everything.
    """

    take: Callable[[object], list[object]]
    single: bool
    named: bool


@dataclass(frozen=True)
class Filter:
    """A path, ready to be applied to records: as it was written, and its parts."""

    text: str
    parts: tuple[Part, ...]

    @property
    def takes_all(self) -> bool:
        """Return whether it leaves a record as it is."""
        return not self.parts

    def apply(self, record: object) -> object:
        """Return the piece of a record, which is any JSON value.

        Raises:
            RecordError: If the record has no such attribute or element.
        """
        values = [record]
        for part in self.parts:
            try:
                values = [found for value in values for found in part.take(value)]
            except (KeyError, IndexError, TypeError) as error:
                raise RecordError(f"there is nothing at {self.text} in {_short(record)}") from error
        return values[0] if all(part.single for part in self.parts) else values


def parse_filter(text: str, what: str) -> Filter:
    """Read a path.

    Args:
        text: The path; an empty one takes all.
        what: Step and field, for messages.

    Raises:
        DefinitionError: If it is not in the part of JSONPath that is known.
    """
    position, parts = len(text) - len(text.removeprefix("$")), []
    while position < len(text):
        match = _PART.match(text, position) if position else None
        if match is None or (match["names"] and "," in match["names"] and match.end() < len(text)):
            raise DefinitionError(
                f"{what}: {text!r} is not in the part of JSONPath that batch transform knows.",
                "That is $, .name, *, ['name', …] at the end, [0, -1] and [1:5].",
            )
        parts.append(_part(match))
        position = match.end()
    return Filter(text, tuple(parts))


def require_places(path: Filter, what: str) -> None:
    """Check that a filter can be applied to a row of CSV.

    Raises:
        DefinitionError: If it asks for attributes, or for elements of elements.
    """
    if len(path.parts) > 1 or any(part.named for part in path.parts):
        raise DefinitionError(
            f"{what}: {path.text!r} cannot be applied to CSV, whose records are lists.",
            "Use places such as $[1:] or $[0,-1].",
        )


def _part(match: re.Match[str]) -> Part:
    if match["all"]:
        return Part(_everything, single=False, named=False)
    if match["places"]:
        places = [place.strip() for place in match["places"].split(",")]
        single = len(places) == 1 and ":" not in places[0]
        return Part(lambda value: _elements(value, places), single, named=False)
    names = [match["name"] or name[1:-1] for name in re.findall(_NAME, match["names"] or "''")]
    if len(names) > 1:
        return Part(lambda value: [{name: _attribute(value, name) for name in names}], True, True)
    return Part(lambda value: [_attribute(value, names[0])], single=True, named=True)


def _attribute(value: object, name: str) -> object:
    if not isinstance(value, dict):
        raise TypeError(name)
    return value[name]


def _elements(value: object, places: list[str]) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(places)
    found: list[object] = []
    for place in places:
        if ":" in place:
            start, end = (int(part) if part else None for part in place.split(":"))
            found += value[start:end]
        else:
            found.append(value[int(place)])
    return found


def _everything(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    raise TypeError(value)


def _short(record: object) -> str:
    text = str(record)
    return text if len(text) <= 80 else f"{text[:79]}…"
