"""git, for repositories that anybody may have written.

A repository cannot bring settings along, so filters, merge drivers and the like that it names are
nobody's, but for git-lfs, which an image may have set up. What is left is switched off here: hooks,
other transports, questions. All of it is told by variables, which count more than any file, and
which programs that call git themselves inherit.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from .refusing import SeedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# https://git-scm.com/docs/git-config has all of them. The helper gives credentials for CodeCommit
# (its user guide, "Set up the credential helper") and for CodeConnections.
SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "core.fsmonitor": "false",
    "core.autocrlf": "false",
    "core.quotePath": "false",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    # A repository's .lfsconfig could name a server. Files stay as they are where no command is.
    "filter.lfs.clean": "",
    "filter.lfs.smudge": "",
    "filter.lfs.process": "",
    "filter.lfs.required": "false",
    "submodule.recurse": "false",
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "protocol.file.allow": "always",
    "diff.renames": "true",
    "commit.gpgSign": "false",
    "gc.auto": "0",
    "credential.helper": "!aws codecommit credential-helper $@",
    "credential.UseHttpPath": "true",
    "user.name": "template",
    "user.email": "template@localhost",
}


def environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables that git, or a program that calls it, is run with.

    Args:
        settings: More of git's, in git's own notation.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    given = {**SETTINGS, **(settings or {})}
    told = {"GIT_CONFIG_COUNT": str(len(given)), "GIT_CONFIG_NOSYSTEM": "1"}
    for number, (name, value) in enumerate(given.items()):
        told[f"GIT_CONFIG_KEY_{number}"], told[f"GIT_CONFIG_VALUE_{number}"] = name, value
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1"}
    return {**own, **told, **quiet, "LC_ALL": "C.UTF-8"}


def try_git(
    folder: Path, *words: str, settings: Mapping[str, str] | None = None, fed: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Call git in a folder and return how it ended.

    Args:
        folder: Where.
        words: Of the command.
        settings: More of git's.
        fed: Its input.
    """
    return subprocess.run(  # noqa: S603  # words of ours
        ["git", "-C", str(folder), *words],  # noqa: S607
        env=environment(settings),
        input=fed,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def git(
    folder: Path, *words: str, settings: Mapping[str, str] | None = None, fed: str | None = None
) -> str:
    """Call git in a folder and return what it printed.

    Args:
        folder: Where.
        words: Of the command.
        settings: More of git's.
        fed: Its input.

    Raises:
        SeedError: It fails.
    """
    ended = try_git(folder, *words, settings=settings, fed=fed)
    if ended.returncode:
        said = ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"]
        what = next((line for line in said if line.startswith(("fatal:", "error:"))), said[-1])
        raise SeedError(
            f"git {words[0]} must work for this repository, and said: {what}.",
            "Check its address, the connection and the permissions of the seed's role.",
        )
    return ended.stdout
