"""Conditions that mean the same, and choices that a choice around them has made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.publishing.assembly.folding import NO_VALUE
from studio.publishing.assembly.worlds import Worlds, conditions_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def simplify(template: Mapping[str, Any], preferred: Collection[str]) -> dict[str, Any]:
    """Return a template with each condition once, those that are asked for, and no idle choice.

    Args:
        template: As it is assembled.
        preferred: Conditions whose names stay, of those that mean the same.
    """
    worlds = Worlds(template)
    simplification = _Simplification(worlds, preferred)
    conditions = {name: simplification.value(each) for name, each in template["Conditions"].items()}
    resources = simplification.entries(template["Resources"])
    outputs = simplification.entries(template["Outputs"])
    used = _used(conditions, [*resources.values(), *outputs.values()])
    return {
        **template,
        "Conditions": {name: each for name, each in conditions.items() if name in used},
        "Resources": resources,
        "Outputs": outputs,
    }


def _used(conditions: Mapping[str, Any], entries: list[Any]) -> set[str]:
    """Return the conditions that resources or outputs ask for, by themselves or by others."""
    used: set[str] = set()
    waiting = conditions_in(entries)
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += conditions_in(conditions[name])
    return used


class _Simplification:
    """One pass over a template.

    Args:
        worlds: Of its conditions.
        preferred: Conditions whose names stay.
    """

    def __init__(self, worlds: Worlds, preferred: Collection[str]) -> None:
        self._worlds, self._same = worlds, worlds.same(preferred)

    def entries(self, entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return resources or outputs."""
        found = {}
        for name, entry in entries.items():
            condition = entry.get("Condition")
            where = self._worlds.holds[condition] if condition else self._worlds.everywhere
            found[name] = {key: self.value(value, where) for key, value in entry.items()}
            if condition:
                found[name]["Condition"] = self._same[condition]
        return found

    def value(self, node: Any, where: frozenset[int] | None = None) -> Any:
        """Return a node.

        Args:
            node: Any.
            where: Worlds in which it is there; None for all.
        """
        if isinstance(node, list):
            return [e for each in node if (e := self.value(each, where)) != NO_VALUE]
        if not isinstance(node, dict):
            return node
        if list(node) == ["Fn::If"]:
            return self._if(node["Fn::If"], self._worlds.everywhere if where is None else where)
        if list(node) == ["Condition"] and isinstance(node["Condition"], str):
            return {"Condition": self._same[node["Condition"]]}
        found = {key: self.value(value, where) for key, value in node.items()}
        return {key: value for key, value in found.items() if value != NO_VALUE}

    def _if(self, words: list[Any], where: frozenset[int]) -> Any:
        name, then, otherwise = words
        holds = self._worlds.holds[name]
        if where <= holds:
            return self.value(then, where)
        if not where & holds:
            return self.value(otherwise, where)
        found = [self.value(then, where & holds), self.value(otherwise, where - holds)]
        return found[0] if found[0] == found[1] else {"Fn::If": [self._same[name], *found]}
