"""Files that travel together, below a key that is made of their content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# AWS's toolkits install the files with pip. Without this one they write one of their own, which
# leaves out packages.
_SETUP = (
    "from setuptools import find_namespace_packages, setup\n\n"
    'setup(name="sourcedir", version="1.0.0", py_modules={modules}, '
    'packages=find_namespace_packages(include=["sagetabular*", "models*"]))\n'
)


@dataclass(frozen=True)
class Asset:
    """Files below one content-addressed key, which is relative to the prefix in the bucket."""

    key: str
    files: Mapping[str, bytes]

    @property
    def paths(self) -> dict[str, bytes]:
        """Key of each object → its content."""
        return {f"{self.key}/{name}": content for name, content in self.files.items()}


def make_asset(kind: str, files: Mapping[str, bytes], extra: bytes = b"") -> Asset:
    """Put files below a key of their names and contents.

    Args:
        kind: What the key begins with.
        files: Name → content.
        extra: What else the key depends on.
    """
    digest = hashlib.sha256(extra)
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return Asset(f"{kind}/{digest.hexdigest()[:20]}", dict(sorted(files.items())))


def python_files(folder: Path, place: str) -> dict[str, bytes]:
    """Return the Python files of a folder, by their names below `place`."""
    return {
        f"{place}/{file.relative_to(folder).as_posix()}": file.read_bytes()
        for file in sorted(folder.rglob("*.py"))
    }


def setup_file(programs: Iterable[str]) -> dict[str, bytes]:
    """Return `setup.py` for a tree of the project's packages, with programs at its top."""
    modules = json.dumps([module_name(name) for name in programs])
    return {"setup.py": _SETUP.format(modules=modules).encode()}


def module_name(entry_point: str) -> str:
    """Return the name of the module in a file: `steps/clean.py` → `steps.clean`."""
    return entry_point.removesuffix(".py").replace("/", ".")
