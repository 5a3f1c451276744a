"""Making a project into one that can be deployed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

IDENTITY = {
    f"GIT_{who}_{what}": "t@t" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


def name_variables(example) -> None:
    """Let conf/aws.yaml name a variable for everything that an execution needs."""
    example.change("conf/aws.yaml", "environment.JobsImageUri", "JOBS")
    example.change("conf/aws.yaml", "environment.TrackingUri", "TRACKING")


def commit_all(folder: Path) -> str:
    """Commit what is in a folder, which becomes a repository; return the commit's name."""
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "Change")):
        subprocess.run(["git", *arguments], cwd=folder, env=os.environ | IDENTITY, check=True)
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
    )
    return found.stdout.strip()
