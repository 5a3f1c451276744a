"""Which release of the template a project is made with, and whether this package fits it."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "pyproject.toml"
_FIELD = f"{FILE}: tool.sagetabular.template"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)


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
