"""The commit that a folder is checked out at."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN = "none"
CHANGED = "-dirty"


def commit_of(root: Path, file: str) -> str:
    """Return the commit in full, marked when files differ from it; `none` outside of git.

    A folder inside another repository that does not track it has no commit either.

    Args:
        root: The folder.
        file: A file of it that a repository of its own would track.
    """
    tracked = _git(root, "ls-files", file)
    return (tracked and _git(root, "describe", "--always", "--dirty", "--abbrev=40")) or UNKNOWN


def _git(root: Path, *arguments: str) -> str:
    """What git prints; nothing where there is no git or no repository."""
    command = ["git", "-C", str(root), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return ""
    return result.stdout.strip()
