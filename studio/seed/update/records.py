"""A project's `.cruft.json`, written by whoever may push to it: read, checked, and then believed.

cruft believes it at once, and would render its answers as Jinja, run the hooks of the folder that
it names, and remove the paths that `skip` names. Hence the rules.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ..hardened import git
from ..refusing import SeedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE, PYPROJECT = ".cruft.json", "pyproject.toml"
# Each begins something that Jinja executes.
JINJA = ("{{", "{%", "{#")
_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)
_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_RELEASE = re.compile(r"(\d+)\.(\d+)\.(\d+)", re.ASCII)
_REGULAR = ("100644", "100755")
_RESTORE = f"Restore {FILE} from the repository's history, commit it, and start again."


@dataclass(frozen=True)
class Record:
    """What a project says of itself.

    Attributes:
        template: The template's address, as it stands there.
        commit: Of the template, that the project came from or was last updated to.
        answers: Question → answer, the public ones.
        release: `template` in its pyproject.toml, such as `1.4.0`; empty if it says none.
    """

    template: str
    commit: str
    answers: Mapping[str, str]
    release: str


def read_record(project: Path, address: str) -> Record:
    """Return the record of the commit that is checked out.

    Args:
        project: A clone of the repository.
        address: Of the template that the bundle holds.

    Raises:
        SeedError: It has none, it is broken, or names what is not the template's.
    """
    text = _committed(project, FILE)
    if text is None:
        raise SeedError(
            f"The repository must hold a project of the template {address}, and has no {FILE}.",
            f"If it was made by cookiecutter, run `uvx cruft link {address} --checkout RELEASE` in "
            "it, commit, and start again; else give the project an empty repository.",
        )
    record = _parsed(text)
    template = record.get("template")
    if not isinstance(template, str) or _plain(template) != _plain(address):
        raise SeedError(
            f"`template` in {FILE} must be {address}, got {_shown(template)}.",
            "Correct it there if the template has moved; else update the project from its own.",
        )
    commit = record.get("commit")
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        msg = f"`commit` in {FILE} must be the full hash of a commit, got {_shown(commit)}."
        raise SeedError(msg, _RESTORE)
    if record.get("directory"):
        msg = f"`directory` in {FILE} must be null, got {_shown(record['directory'])}."
        raise SeedError(msg, "Set it to null: the template is the whole of its repository.")
    _check_skipped(record.get("skip") or [], FILE)
    context = record.get("context")
    answers = context.get("cookiecutter") if isinstance(context, dict) else None
    return Record(template, commit, _checked(answers), _release(project))


def _committed(project: Path, name: str) -> str | None:
    """Return a file's text, None if there is no such file.

    A link could lead out of the clone, and what it leads to would be written to.
    """
    listed = git(project, "ls-tree", "HEAD", "--", name).split()
    if not listed:
        return None
    if listed[0] not in _REGULAR:
        msg = f"{name} must be a regular file, and is a link or a folder (mode {listed[0]})."
        raise SeedError(msg, "Replace it by a file, commit it, and start again.")
    try:
        return (project / name).read_text(encoding="utf-8")
    except UnicodeDecodeError as err:
        msg = f"{name} must be UTF-8, and byte {err.start} is not."
        raise SeedError(msg, f"Save {name} as UTF-8, commit it, and start again.") from err


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as err:
        msg = f"{FILE} must be JSON: {err}."
        raise SeedError(msg, _RESTORE) from err
    if not isinstance(found, dict):
        msg = f"{FILE} must be one JSON object, got {_shown(found)}."
        raise SeedError(msg, _RESTORE)
    return found


def _checked(answers: object) -> dict[str, str]:
    if not isinstance(answers, dict):
        msg = f"`context.cookiecutter` in {FILE} must hold the answers, got {_shown(answers)}."
        raise SeedError(msg, _RESTORE)
    found = {}
    for name, answer in answers.items():
        if name.startswith("_"):
            continue  # cruft takes these from the template
        if not isinstance(answer, str) or any(mark in answer for mark in JINJA):
            msg = f"The answer {name} in {FILE} must be text without {', '.join(JINJA)}, "
            raise SeedError(
                f"{msg}got {_shown(answer)}.", "Write the plain text there and commit it."
            )
        found[name] = answer
    if not _SLUG.fullmatch(slug := found.get("project_slug", "")):
        msg = f"The answer project_slug in {FILE} must be lower-case letters, digits and single "
        raise SeedError(f"{msg}hyphens, got {_shown(slug)}.", _RESTORE)
    return found


def _check_skipped(paths: object, file: str) -> None:
    """Accept paths within the project: cruft removes them, wherever they lead."""
    for path in paths if isinstance(paths, list) else [paths]:
        place = PurePosixPath(path) if isinstance(path, str) else None
        if place is None or place.is_absolute() or ".." in place.parts or not place.parts:
            msg = f"`skip` in {file} must list paths within the project, got {_shown(path)}."
            raise SeedError(msg, "Write it relative to the project's folder, without `..`.")


def _release(project: Path) -> str:
    """Return what pyproject.toml says, whose `skip` cruft reads too."""
    text = _committed(project, PYPROJECT)
    try:
        tools = tomllib.loads(text or "").get("tool", {})
        skipped = tools.get("cruft", {}).get("skip", [])
        release = tools.get("sagetabular", {}).get("template", "")
    except (tomllib.TOMLDecodeError, AttributeError, RecursionError) as err:
        msg = f"{PYPROJECT} must be TOML with the tables tool.cruft and tool.sagetabular: {err}."
        raise SeedError(msg, "Correct it, commit it, and start again.") from err
    _check_skipped(skipped, PYPROJECT)
    return release if isinstance(release, str) and numbers(release) else ""


def numbers(release: str) -> tuple[int, ...]:
    """Return the three numbers of a release, nothing if it is none."""
    found = _RELEASE.match(release)
    return tuple(map(int, found.groups())) if found else ()


def _plain(address: str) -> str:
    """Return an address without user, and without what git adds or not."""
    scheme, separator, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    if scheme == "https":
        address = f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"
    return address.rstrip("/").removesuffix(".git")


def _shown(value: object) -> str:
    return f"{value!a:.80}"


def new_answers(before: Mapping[str, str], after: Mapping[str, object]) -> dict[str, str]:
    """Return the answers to questions that people were not asked before."""
    return {
        name: str(answer)
        for name, answer in after.items()
        if name not in before and not name.startswith("_")
    }
