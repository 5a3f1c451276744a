"""What people call a project: the heading of its README."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILE = "README.md"
_HEADING = re.compile(r"^# +(\S.*?) *#*$", re.MULTILINE)
_LONGEST = 100


def title_of(root: Path) -> str:
    """Return the first heading of the README; empty if there is none that is one line of text.

    Args:
        root: Folder of the project.
    """
    try:
        text = (root / FILE).read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return ""
    found = _HEADING.search(text)
    title = found.group(1) if found else ""
    return title if title.isprintable() and len(title) <= _LONGEST else ""
