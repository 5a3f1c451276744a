"""cruft in a clone of a project whose record was checked, and what it leaves there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from typing import TYPE_CHECKING

from ..hardened import environment, git
from ..refusing import SeedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_WHEEL = re.compile(r"vendor/([^-/]+)-[^/]+\.whl")
# Last lines of what cruft says.
_SAID = 3


def run_cruft(project: Path, template: Path, address: str, commit: str) -> None:
    """Run `cruft update` in a project.

    Args:
        project: A clone, whose record was checked.
        template: A clone of the template, which stands in for its address.
        address: As the project's record has it.
        commit: To update to.

    Raises:
        SeedError: cruft fails.
    """
    if changed := git(project, "status", "--porcelain").splitlines():
        raise SeedError(
            f"A fresh clone of the repository must equal its commit, and git says: {changed[0]}.",
            "Run `git add --renormalize .`, commit, and start again.",
        )
    # -I: neither the project's folder nor a variable leads to other modules.
    command = [sys.executable, "-I", "-m", "cruft", "update", "--skip-apply-ask"]
    ended = subprocess.run(  # noqa: S603  # words of ours
        [*command, "--checkout", commit, "--project-dir", str(project)],
        cwd=project.parent,
        env=environment({f"url.{template}.insteadOf": address}),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ended.returncode:
        said = " ".join((ended.stdout + ended.stderr).split("\n")[-1 - _SAID :]).strip()
        msg = f"cruft must be able to update the project, and said: {said[-400:]}."
        raise SeedError(msg, "Run `uvx cruft update` in a clone of it, and correct what it names.")


def wheels_twice(names: Iterable[str]) -> list[str]:
    """Return the wheels of packages that have more than one.

    Args:
        names: Paths of files.
    """
    wheels = defaultdict(list)
    for name in names:
        if found := _WHEEL.fullmatch(name):
            wheels[found[1]].append(name)
    return [name for found in wheels.values() if len(found) > 1 for name in found]
