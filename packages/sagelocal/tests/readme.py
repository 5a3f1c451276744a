"""What README.md shows: its blocks, taken from it so that they stay true."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def block(language: str) -> str:
    """The first block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    assert found, language
    return found[1]


def commands() -> list[list[str]]:
    """The words of the commands below the definition, each without its comment."""
    lines = re.findall(r"^    sagelocal (.*?)(?: +#.*)?$", README.read_text(), re.MULTILINE)
    return [line.split() for line in lines]
