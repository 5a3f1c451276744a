"""README.md: its blocks, taken from it so that they stay true."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def block(language: str) -> str:
    """Return the first block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    assert found, language
    return found[1]


def step_types() -> tuple[set[str], set[str]]:
    """Return the step types of the table that run, and those that are refused."""
    rows = re.findall(r"^\| ([A-Z][^|`]*) \| (yes|no) \|", README.read_text(), re.MULTILINE)
    runs = {kind for kinds, answer in rows if answer == "yes" for kind in kinds.split(", ")}
    others = {kind for kinds, answer in rows if answer == "no" for kind in kinds.split(", ")}
    return runs, others - {"all others", "Notebook jobs"}


def refusal() -> str:
    """Return the error that the table shows."""
    found = re.search(r"exit code 2:\n\n((?:    .*\n)+)", README.read_text())
    assert found
    return found[1].replace("    ", "")


def commands() -> list[list[str]]:
    """Return the words of the commands below the definition, each without its comment."""
    lines = re.findall(r"^    sagelocal (.*?)(?: +#.*)?$", README.read_text(), re.MULTILINE)
    return [line.split() for line in lines]
