"""What commands that talk to AWS print beside their results: on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable


def say(text: str) -> None:
    """Print something that is no result."""
    typer.echo(text, err=True)


def report(title: str, lines: Iterable[str]) -> None:
    """Print one thing in lines of its own: ARNs are long, terminals 80 columns wide.

    Args:
        title: What it is; empty for sentences.
        lines: The text.
    """
    for number, line in enumerate(lines):
        say(f"{'' if number else title:<11} {line}" if title else line)
