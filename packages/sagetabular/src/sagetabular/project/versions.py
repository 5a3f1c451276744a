"""The versions of a project: the commit it is checked out at, and the template's release."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from importlib import metadata
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UNKNOWN = "none"
CHANGED = "-dirty"
# CodePipeline gives its build servers the files of a commit without their repository.
BUILT = "CODEBUILD_RESOLVED_SOURCE_VERSION"
FILE = "pyproject.toml"
_FIELD = f"{FILE}: tool.sagetabular.template"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)


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
    """Return what git prints; nothing where there is no git or no repository."""
    command = ["git", "-C", str(root), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return ""
    return result.stdout.strip()


def check_version(root: Path) -> None:
    """Accept a project whose template has the major version of this package.

    A project that names no version, such as one that was not generated, is accepted.

    Raises:
        UserError: The majors differ, or what is written there is no version.
    """
    template, installed = template_version(root), installed_version()
    if template is None or installed is None:
        return
    wanted, found = _major(template), _major(installed)
    if wanted != found:
        msg = f"{_FIELD} must have the major of the installed sagetabular {installed}, "
        raise UserError(
            f"{msg}got {template!r}.",
            f"Update the project with `cruft update`, or put the wheels of a version {wanted} into "
            "vendor/ and run `make lock` and `make setup`.",
        )


def installed_version(package: str = "sagetabular") -> str | None:
    """Return the version of a package that is installed; None if only its files are there."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def template_version(root: Path) -> str | None:
    """Return the version of the template that a project names; None if it names none.

    Raises:
        UserError: It is no version, or the file is no TOML.
    """
    try:
        version: Any = tomllib.loads((root / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        return None
    except ValueError as err:
        raise UserError(f"{FILE} must be TOML, got: {err}.", "Correct it.") from err
    for name in ("tool", "sagetabular", "template"):
        if not isinstance(version, dict) or name not in version:
            return None
        version = version[name]
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        msg = f"{_FIELD} must be the version of a release, got {version!r}."
        raise UserError(msg, 'Write the one that made the project, for example template = "1.0.0".')
    return version


def _major(version: str) -> str:
    return version.split(".", maxsplit=1)[0]
