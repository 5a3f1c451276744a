"""The project's repository on its server: looked at, and begun where it is empty."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .hardened import git, try_git
from .refusing import SeedError

if TYPE_CHECKING:
    from collections.abc import Iterable

_REACH = (
    "Check that the repository exists, that the connection is Available, in the Region of the "
    "project, and may use it, and that the seed's role may use the connection."
)
_PUSH = (
    "Allow the connection to write to the repository and its branch (protections, rules, hooks), "
    "and create or update the project again."
)
_WORKFLOWS = (
    "GitHub takes workflows from apps alone that may write them: allow Workflows to the app of the "
    "connection, and create or update the project again."
)
# Of git's lines those that say something, and how much of them.
_TELLING = ("fatal:", "error:", "remote:", "!")
_SILENT = ("error: failed to push some refs", "remote: Resolving deltas", "remote: Processing")
_MOST = 400


@dataclass(frozen=True)
class Repository:
    """A repository, its branch may not exist.

    Attributes:
        url: For git.
        branch: That is built at every push.
    """

    url: str
    branch: str

    def refs(self) -> dict[str, str]:
        """Return ref → commit of all that the server has; empty for an empty repository.

        Raises:
            SeedError: The server cannot be reached, or does not allow it.
        """
        with tempfile.TemporaryDirectory() as folder:
            ended = try_git(Path(folder), "ls-remote", "--quiet", "--", self.url)
        if ended.returncode:
            said = telling(ended.stderr)
            raise SeedError(f"git must be able to read {self.url}, and said: {said}.", _REACH)
        lines = [line.split("\t") for line in ended.stdout.splitlines()]
        return {name: commit for commit, name in lines if name != "HEAD"}

    def begin(self, project: Path, release: str) -> str:
        """Push a project as the first commit, and return what was done.

        Nothing is forced: what somebody else has pushed in between stays, and git says so.

        Args:
            project: Folder of the project, in no repository.
            release: Of the template.

        Raises:
            SeedError: The server does not take it.
        """
        git(project, "init", "--quiet", f"--initial-branch={self.branch}")
        # Ignored files too: all of them are the template's.
        git(project, "add", "--all", "--force")
        git(project, "commit", "--quiet", "--message", f"Start from template {release}")
        # An empty expectation: the branch must still not exist.
        free = f"--force-with-lease=refs/heads/{self.branch}:"
        target = f"HEAD:refs/heads/{self.branch}"
        ended = try_git(project, "push", free, "--", self.url, target)
        if ended.returncode:
            msg = f"The server must take the branch {self.branch}, and said: "
            remedy = _WORKFLOWS if "refusing to allow" in ended.stderr else _PUSH
            raise SeedError(f"{msg}{telling(ended.stderr)}.", remedy)
        return f"seeded: the project of template {release} is on the branch {self.branch}."

    def strange(self, refs: Iterable[str]) -> SeedError:
        """Return the error for a repository that has something, but not the branch.

        Args:
            refs: What it has.
        """
        names = sorted(refs)
        shown = ", ".join(name.removeprefix("refs/heads/") for name in names[:5])
        return SeedError(
            f"The repository must be empty, or have the project on the branch {self.branch}, "
            f"got {self.url} with {shown[:200]}{' and more' if len(names) > 5 else ''}.",
            "Choose the branch that the project is on, or a repository without commits and tags.",
        )


def telling(said: str) -> str:
    """Return what git and the server say of a failure, in one line that is not too long.

    Args:
        said: All that git printed.
    """
    lines = [line.strip() for line in said.splitlines()]
    lines = [line for line in lines if line.startswith(_TELLING) and not line.startswith(_SILENT)]
    words = " ".join(" ".join(lines or [said[-_MOST:]]).split()).rstrip(".")
    if len(words) <= _MOST:
        return words
    # What the server says comes first, what git makes of it last.
    return f"{words[: _MOST // 2]} … {words[-_MOST // 2 :]}"
