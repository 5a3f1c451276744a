"""The template in the bundle: a release, with the history that updates need."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .hardened import git
from .refusing import SeedError

if TYPE_CHECKING:
    from pathlib import Path

RELEASE, HISTORY = "release.json", "template.bundle"


@dataclass(frozen=True)
class Bundle:
    """The release, and the template at its commit.

    Attributes:
        release: Such as `1.4.0`.
        commit: Full hash.
        template: Address of the template, for people and cruft.
        clone: Folder of a clone of it, whose only branch ends at the commit.
    """

    release: str
    commit: str
    template: str
    clone: Path

    def choices(self) -> dict[str, list[str]]:
        """Return question → choices, of those that have some."""
        questions = json.loads((self.clone / "cookiecutter.json").read_text(encoding="utf-8"))
        return {
            name: value
            for name, value in questions.items()
            if isinstance(value, list) and not name.startswith("_")
        }

    def settings(self) -> dict[str, str]:
        """Return git's settings by which the clone stands in for the address.

        For cruft alone: git compares beginnings, and an address of a project may begin so too.
        """
        return {f"url.{self.clone}.insteadOf": self.template}


def open_bundle(folder: Path, clone: Path) -> Bundle:
    """Return the bundle, and clone its template.

    Args:
        folder: Of the bundle.
        clone: Where the clone is to be.

    Raises:
        SeedError: The folder is no bundle.
    """
    try:
        said = json.loads((folder / RELEASE).read_text(encoding="utf-8"))
        found = Bundle(said["release"], said["commit"], said["template"], clone)
    except (OSError, ValueError, KeyError) as error:
        msg = f"The bundle must have {RELEASE} with release, commit and template: {error}."
        raise SeedError(msg, "Publish the template again.") from error
    git(folder, "clone", "--quiet", "--no-checkout", "--", HISTORY, str(clone))
    # The bundle has no branch, and cruft needs one.
    git(clone, "checkout", "--quiet", "-B", "main", found.commit)
    return found
