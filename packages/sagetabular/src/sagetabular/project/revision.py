"""The commit that a folder is checked out at."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UNKNOWN = "none"
CHANGED = "-dirty"
# CodePipeline gives its build servers the files of a commit without their repository.
BUILT = "CODEBUILD_RESOLVED_SOURCE_VERSION"


def commit_of(root: Path, file: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the commit in full, marked when files differ from it; `none` outside of git.

    A folder inside another repository that does not track it has no commit either; on a build
    server of AWS it has the one that is built there.

    Args:
        root: The folder.
        file: A file of it that a repository of its own would track.
        environment: What a build server says about its source.
    """
    tracked = _git(root, "ls-files", file)
    if tracked:
        return _git(root, "describe", "--always", "--dirty", "--abbrev=40") or UNKNOWN
    built = environment.get(BUILT, "")
    return built if re.fullmatch("[0-9a-f]{40}", built) else UNKNOWN


def _git(root: Path, *arguments: str) -> str:
    """What git prints; nothing where there is no git or no repository."""
    command = ["git", "-C", str(root), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return ""
    return result.stdout.strip()
