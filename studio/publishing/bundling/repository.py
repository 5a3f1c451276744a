"""The commit that is published, and its history as a git bundle.

All that is published is read from git's objects, or from a working tree that is equal to them:
neither what is untracked or ignored gets out, nor does a clone's age or umask count.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packages import release as releases
from sagetabular.errors import UserError
from sagetabular.printing import listed, printable

if TYPE_CHECKING:
    from pathlib import Path

_DEVELOPMENT = ".dev0"
_PUBLISH = "studio/publish.py"
_TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)", re.ASCII)
_ADDRESS = re.compile(
    r"(?:https|ssh)://[^\s{}?#\\]+|codecommit::[a-z0-9-]+://[\w.@-]+|[\w.-]+@[\w.-]+:[^\s{}?#\\]+",
    re.ASCII,
)
# Whatever the repository's configuration and packs are: each delta is found anew, by one thread.
_PACK = (
    "pack-objects", "--revs", "--stdout", "--quiet", "--threads=1", "--no-reuse-delta",
    "--no-reuse-object", "--delta-base-offset", "--no-use-bitmap-index", "--window=10",
    "--depth=50", "--compression=9",
)  # fmt: skip
_CLONE = "Publish from a clone of the template, made by `git clone`."
_SETTINGS = ("-c", "core.commitGraph=false", "-c", "core.bigFileThreshold=512m")


@dataclass(frozen=True)
class Source:
    """The commit that is checked out.

    Attributes:
        root: Folder of the repository.
        commit: Its full hash.
        version: Such as `1.4.0`, of both packages.
    """

    root: Path
    commit: str
    version: str

    @property
    def is_release(self) -> bool:
        """Whether it is one, and no state between two of them."""
        return not self.version.endswith(_DEVELOPMENT)


def open_source(root: Path) -> Source:
    """Return the commit that is checked out.

    Args:
        root: Folder of the repository.

    Raises:
        UserError: There is no git repository of its own, not all of its history, or a file differs
            from the commit.
    """
    top = os.fsdecode(git(root, "rev-parse", "--show-toplevel").removesuffix(b"\n"))
    if not root.samefile(top):
        msg = f"The template must be a repository of its own; {root} is within {top}."
        raise UserError(msg, _CLONE)
    commit = git(root, "rev-parse", "--verify", "HEAD^{commit}").decode().strip()
    if git(root, "rev-parse", "--is-shallow-repository").decode().strip() == "true":
        msg = "The bundle holds the template's history, and this clone is a shallow one."
        raise UserError(msg, "Run `git fetch --unshallow`.")
    _require_objects(root, commit)
    status = git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
    if changed := [os.fsdecode(entry[3:]) for entry in status.split(b"\0") if entry]:
        msg = f"What is published is a commit, and these files differ from it: {listed(changed)}."
        raise UserError(msg, "Commit them, or stash them: `git stash --include-untracked`.")
    return Source(root, commit, releases.package_version(root, "sagetabular"))


def _require_objects(root: Path, commit: str) -> None:
    """Refuse a clone whose objects are elsewhere, as those of `git clone --filter` are."""
    listed_all = git(root, "rev-list", "--objects", "--missing=print", commit)
    if lacking := sum(line.startswith(b"?") for line in listed_all.splitlines()):
        msg = (
            "The bundle holds the template's history, and this clone is a partial one, which lacks"
        )
        raise UserError(f"{msg} {lacking:,} objects.", "Publish from a clone without --filter.")


def check_release(source: Source) -> None:
    """Accept a release.

    Raises:
        UserError: It is a state between two of them.
    """
    if source.is_release:
        return
    last = f"v{releases.last_release(source.root)}"
    found = _git(source.root, "cat-file", "-e", f"{last}:{_PUBLISH}").returncode == 0
    planned = source.version.removesuffix(_DEVELOPMENT)
    raise UserError(
        f"Only releases are published, and the version is {source.version} "
        "(packages/sagetabular/pyproject.toml).",
        (
            f"Check the last release out, `git checkout {last}`"
            if found
            else f"Release it first, `make release VERSION={planned}`"
        )
        + "; --dry-run takes any commit.",
    )


def template_address(source: Source, given: str | None) -> str:
    """Return where people and cruft find the template, without credentials.

    Args:
        source: The commit, whose remote `origin` counts where none is given.
        given: By the command line.

    Raises:
        UserError: There is none, or it is none that others can use.
    """
    place = "--template-url" if given else "git remote get-url origin"
    found = given or _git(source.root, "remote", "get-url", "origin").stdout.decode().strip()
    remedy = "Give the address by --template-url, as in https://git.example.com/org/template.git."
    if not found:
        raise UserError("Projects keep the template's address, and there is no `origin`.", remedy)
    scheme, separator, rest = found.partition("://")
    user, at, after = rest.partition("/")[0].rpartition("@")
    if scheme == "https" and at:
        found = f"{scheme}{separator}{after}{rest[len(user) + 1 + len(after) :]}"
    secret = scheme == "ssh" and ":" in user
    if secret or not _ADDRESS.fullmatch(found):
        value = "one with a password" if secret else printable(found)
        raise UserError(
            f"The template's address must be one of https or ssh that others can use, without "
            f"query or braces; {place} gives {value}.",
            remedy,
        )
    return found


def committed_files(source: Source, folder: str) -> dict[str, bytes]:
    """Return path below a folder → content, of the files that the commit has there."""
    listing = git(source.root, "ls-tree", "-r", "-z", source.commit, "--", f"{folder}/")
    found = {}
    for entry in filter(None, listing.split(b"\0")):
        head, _, path = entry.partition(b"\t")
        _, kind, digest = head.decode().split()
        if kind == "blob":
            name = os.fsdecode(path).removeprefix(f"{folder}/")
            found[name] = git(source.root, "cat-file", "blob", digest)
    return found


def git_bundle(source: Source) -> bytes:
    """Return the commit, its history and the releases up to it, as `git clone` takes them.

    A clone of it has no branch: `HEAD` is the commit. The tags are there for releases that a later
    one does not follow, such as one with a fix alone; projects may come from them.
    The format: https://git-scm.com/docs/gitformat-bundle.

    Returns:
        The same bytes in every clone that has the same tags, with the same version of git.
    """
    refs = {"HEAD": source.commit, **_release_tags(source)}
    wanted = "".join(f"{digest}\n" for digest in refs.values())
    pack = git(source.root, *_SETTINGS, *_PACK, fed=wanted.encode())
    head = "".join(f"{digest} {name}\n" for name, digest in refs.items())
    return b"# v2 git bundle\n" + head.encode() + b"\n" + pack


def _release_tags(source: Source) -> dict[str, str]:
    """Return ref → object of the tags of releases up to this one."""
    form = "--format=%(refname) %(objectname)"
    lines = git(source.root, "for-each-ref", form, "refs/tags/").decode().splitlines()
    highest = _numbers(f"v{source.version.removesuffix(_DEVELOPMENT)}")
    found = {}
    for name, _, digest in (line.partition(" ") for line in lines):
        numbers = _numbers(name.removeprefix("refs/tags/"))
        if numbers is not None and highest is not None and numbers <= highest:
            found[name] = digest
    return found


def _numbers(tag: str) -> tuple[int, ...] | None:
    found = _TAG.fullmatch(tag)
    return tuple(map(int, found.groups())) if found else None


def is_ancestor(source: Source, commit: str) -> bool:
    """Return whether a commit is the published one, or comes before it in its history."""
    words = ("merge-base", "--is-ancestor", commit, source.commit)
    return bool(commit) and _git(source.root, *words).returncode == 0


def git(root: Path, *words: str, fed: bytes | None = None) -> bytes:
    """Call git in a folder and return what it printed.

    Args:
        root: The folder.
        words: Of the command.
        fed: Its input.

    Raises:
        UserError: It fails, or is not installed.
    """
    ended = _git(root, *words, fed=fed)
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        # `-c name=value` comes before the command.
        pairs = zip(("", *words), words, strict=False)
        command = next(word for before, word in pairs if "-c" not in (before, word))
        msg = f"git {command} failed in {root}: {said[-1] if said else ended.returncode}."
        raise UserError(msg, _CLONE)
    return ended.stdout


def _git(root: Path, *words: str, fed: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    variables = {**own, "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    command = ["git", "-C", str(root), *words]
    try:
        return subprocess.run(  # noqa: S603  # words of ours
            command, input=fed, env=variables, capture_output=True, check=False
        )
    except FileNotFoundError as err:
        msg = "Publishing needs git, which is not installed."
        raise UserError(msg, "Install git, or put it on the PATH.") from err
