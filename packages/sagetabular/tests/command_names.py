"""The names of all commands."""

from __future__ import annotations

from collections.abc import Iterator

import typer


def names(group: typer.core.TyperGroup, *before: str) -> Iterator[str]:
    """Yield the words of each command, such as `model list`."""
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from names(command, *before, name)
        else:
            yield " ".join([*before, name])
