"""Hear what the interpreter does on behalf of model code."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_listening: list[tuple[frozenset[str], list[tuple[object, ...]]]] = []


@contextmanager
def heard(*names: str) -> Iterator[list[tuple[object, ...]]]:
    """Collect the arguments of Python's audit events of these names, from all threads."""
    _install()
    events: list[tuple[object, ...]] = []
    entry = frozenset(names), events
    _listening.append(entry)
    try:
        yield events
    finally:
        _listening.remove(entry)


@cache
def _install() -> None:
    """Once in a process, since an audit hook can never be removed."""
    sys.addaudithook(_hear)


def _hear(name: str, arguments: tuple[object, ...]) -> None:
    for names, events in _listening:
        if name in names:
            events.append(arguments)
