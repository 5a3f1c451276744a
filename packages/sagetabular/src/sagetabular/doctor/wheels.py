"""The wheels in `vendor/` are those that the lock names, which `make setup` installs."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from sagetabular.doctor.findings import ok, to_fix
from sagetabular.project.packages import PACKAGES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagetabular.doctor.findings import Finding
    from sagetabular.project import Project

_LOCK, _VENDOR = "requirements.lock", "vendor"
_BACK = "Take it back from git: `git checkout vendor`, or run `make lock` if it is to be another."


def wheels(project: Project) -> Iterator[Finding]:
    """Check that each is there and has its hash; a project that has a package index has none."""
    lock = project.root / _LOCK
    if not (project.root / _VENDOR).is_dir() and not _names_vendor(project.root):
        return
    text = lock.read_text(encoding="utf-8") if lock.is_file() else ""
    found = [_state(project.root, name, text) for name in PACKAGES]
    yield from filter(None, found)
    if not any(found):
        yield ok(f"{_VENDOR}/ has the wheels that {_LOCK} names")


def _names_vendor(root: Path) -> bool:
    """Return whether the project takes the packages from there."""
    file = root / "pyproject.toml"
    return file.is_file() and f'url = "{_VENDOR}"' in file.read_text(encoding="utf-8")


def _state(root: Path, name: str, lock: str) -> Finding | None:
    line = rf"^{name}==([^ \n]+)((?: \\\n +--hash=sha256:[0-9a-f]{{64}})+)"
    entry = re.search(line, lock, re.MULTILINE)
    if entry is None:
        return None
    wanted = f"{_VENDOR}/{name}-{entry[1]}-py3-none-any.whl"
    if not (root / wanted).is_file():
        return to_fix(f"{wanted} must be there, as {_LOCK} names it, and is missing.", _BACK)
    digest = hashlib.sha256((root / wanted).read_bytes()).hexdigest()
    if f"sha256:{digest}" in entry[2]:
        return None
    text = f"{wanted} must have the hash that {_LOCK} names, got {digest[:12]}…."
    return to_fix(text, _BACK)
