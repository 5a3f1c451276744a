"""The ways in which a template's conditions can turn out together.

A world is one of them: a value of each parameter that allows some values alone, and for every other
comparison whether it holds. There may be fewer in truth; what holds in all of these holds.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_World = dict[str, Any]


class Worlds:
    """All worlds of a template's conditions.

    Args:
        template: Functions in their long form.
    """

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._template = template
        self._conditions = template["Conditions"]
        self._worlds = list(self._all_worlds())
        self.everywhere = frozenset(range(len(self._worlds)))
        self.holds = {name: self._where(name) for name in self._conditions}
        """Condition → numbers of the worlds in which it holds."""

    def same(self, preferred: Collection[str]) -> dict[str, str]:
        """Return condition → the one to take of those that hold in the same worlds.

        Args:
            preferred: Conditions that are taken before others. They ask for no others.
        """
        # Those that others are made of come first, or one would be made of itself in the end.
        order = sorted(self.holds, key=lambda name: (name not in preferred, self._depth(name)))
        first: dict[frozenset[int], str] = {}
        return {name: first.setdefault(self.holds[name], name) for name in order}

    def _depth(self, name: str) -> int:
        return 1 + max(map(self._depth, conditions_in(self._conditions[name])), default=0)

    def _where(self, name: str) -> frozenset[int]:
        condition = {"Condition": name}
        return frozenset(n for n, world in enumerate(self._worlds) if self._true(condition, world))

    def _all_worlds(self) -> Iterator[_World]:
        """Yield worlds: a value of each parameter, and truth of each comparison of unknowns."""
        chosen = {
            name: declared["AllowedValues"]
            for name, declared in self._template["Parameters"].items()
            if "AllowedValues" in declared
        }
        comparisons = dict.fromkeys(
            key
            for values in itertools.product(*chosen.values())
            for equals in _comparisons(self._conditions)
            if isinstance(
                key := self._compared(equals, dict(zip(chosen, values, strict=True))), str
            )
        )
        ways = [*chosen.values(), *([True, False] for _ in comparisons)]
        names = [*chosen, *comparisons]
        for values in itertools.product(*ways):
            yield dict(zip(names, values, strict=True))

    def _true(self, node: Any, world: _World) -> bool:
        (name, argument), = node.items()  # fmt: skip
        if name == "Condition":
            return self._true(self._conditions[argument], world)
        if name == "Fn::Equals":
            found = self._compared(argument, world)
            return found if isinstance(found, bool) else world[found]
        parts = [self._true(each, world) for each in argument]
        return {"Fn::Not": not parts[0], "Fn::And": all(parts), "Fn::Or": any(parts)}[name]

    def _compared(self, pair: list[Any], world: _World) -> bool | str:
        """Return whether two values are equal, or, where that is not known, what they are."""
        first, second = (self._known(each, world) for each in pair)
        if isinstance(first, str) and isinstance(second, str):
            return first == second
        return json.dumps(sorted(json.dumps(each, sort_keys=True) for each in (first, second)))

    def _known(self, node: Any, world: _World) -> Any:
        if not isinstance(node, dict):
            return str(node)
        if "Ref" in node and node["Ref"] in world:
            return str(world[node["Ref"]])
        if "Fn::FindInMap" in node:
            words = [self._known(each, world) for each in node["Fn::FindInMap"]]
            if all(isinstance(word, str) for word in words):
                name, first, second = words
                return str(self._template["Mappings"][name][first][second])
        return node


def conditions_in(node: Any) -> list[str]:
    """Return the conditions that a node asks for."""
    if isinstance(node, list):
        return [name for each in node for name in conditions_in(each)]
    if not isinstance(node, dict):
        return []
    found = [name for each in node.values() for name in conditions_in(each)]
    if "Fn::If" in node:
        found.append(node["Fn::If"][0])
    if isinstance(node.get("Condition"), str):
        found.append(node["Condition"])
    return found


def _comparisons(node: Any) -> Iterator[list[Any]]:
    """Yield what conditions compare."""
    if isinstance(node, list):
        for each in node:
            yield from _comparisons(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::Equals":
                yield value
            else:
                yield from _comparisons(value)
