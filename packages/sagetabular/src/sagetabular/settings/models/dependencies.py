"""The notation `a >> b >> c` for steps that wait for each other, and the order that follows.

    chain := group (">>" group)+
    group := name | "[" name ("," name)* "]"
    name  := unit ["." step]

Spaces are free. In `[a, b] >> c` the step c waits for a and b, in `a >> [b, c]` both wait for a.
"""

from __future__ import annotations

import graphlib
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ARROW = ">>"
_TOKEN = re.compile(r"\s*(>>|[\[\],]|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)", re.ASCII)
_REMEDY = "Write it as `a.fit >> b.fit`, with `[a.fit, b.fit]` for several."

Chain = list[list[str]]


def parse_chain(text: str, place: str) -> Chain:
    """Read one line of the notation.

    Args:
        text: The line.
        place: File and field, for errors.

    Returns:
        Groups of names: each group waits for the one before it.

    Raises:
        UserError: The line is none, or a name stands on both sides of an arrow.
    """
    tokens = _tokens(text, place)
    chain = [_group(tokens, text, place)]
    while tokens and tokens[0] == ARROW:
        del tokens[0]
        chain.append(_group(tokens, text, place))
    if tokens or len(chain) == 1:
        raise _unexpected(ARROW, tokens, text, place)
    for before, after in pairwise(chain):
        for name in before:
            if name in after:
                msg = f"{place} must not make a step wait for itself, got {text[:100]!r}."
                raise UserError(msg, f"Take {name} out on one side of the arrow.")
    return chain


def render_chain(chain: Chain) -> str:
    """Write a chain in the notation."""
    groups = (f"[{', '.join(group)}]" if len(group) > 1 else group[0] for group in chain)
    return f" {ARROW} ".join(groups)


def edges(chain: Chain) -> list[tuple[str, str]]:
    """Return pairs of names, of which the second waits for the first."""
    return [
        (first, second) for before, after in pairwise(chain) for first in before for second in after
    ]


def levels(waits_for: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Order names so that each comes after all that it waits for.

    Args:
        waits_for: Name → the names it waits for, all of them keys too.

    Returns:
        Lists of names that need not wait for each other, within a list as in `waits_for`.

    Raises:
        CycleError: Some wait for each other; its second argument is the path.
    """
    sorter = graphlib.TopologicalSorter(waits_for)
    sorter.prepare()
    position = {name: number for number, name in enumerate(waits_for)}
    found = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=position.__getitem__)
        sorter.done(*ready)
        found.append(ready)
    return found


def _tokens(text: str, place: str) -> list[str]:
    found, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            rest = text[position:].strip()
            msg = f"{place} is no chain of steps: {rest[:40]!r} in {text[:100]!r} cannot be read."
            raise UserError(msg, _REMEDY)
        found.append(match[1])
        position = match.end()
    return found


def _group(tokens: list[str], text: str, place: str) -> list[str]:
    """Take a group off the front of `tokens`."""
    if tokens[:1] != ["["]:
        return [_name(tokens, text, place)]
    del tokens[0]
    names = [_name(tokens, text, place)]
    while tokens[:1] == [","]:
        del tokens[0]
        names.append(_name(tokens, text, place))
    if tokens[:1] != ["]"]:
        raise _unexpected("]", tokens, text, place)
    del tokens[0]
    return names


def _name(tokens: list[str], text: str, place: str) -> str:
    if not tokens or not tokens[0][0].isidentifier():
        raise _unexpected("a name", tokens, text, place)
    return tokens.pop(0)


def _unexpected(wanted: str, tokens: list[str], text: str, place: str) -> UserError:
    got = repr(tokens[0]) if tokens else "the end"
    msg = f"{place} is no chain of steps: needs {wanted} where {got} stands in {text[:100]!r}."
    return UserError(msg, _REMEDY)
