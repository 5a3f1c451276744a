"""Small repositories to publish from, wheels that nobody has built, and locks that name them."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.releases import commit, git, start_repository

VERSION = "1.4.0"
ADDRESS = "https://git.example.com/org/template.git"
SEED = {
    "buildspec.yml": "version: 0.2\n",
    "seed.in": "cookiecutter\n",
    "seed.lock": "",
    "__init__.py": '"""The seed."""\n',
    "seeding.py": "print('seed')\n",
}


def small_repository(folder: Path, version: str = VERSION) -> Path:
    """Make a repository that has what publishing reads of one, but for the templates."""
    files = {
        "packages/sagetabular/pyproject.toml": f'[project]\nversion = "{version}"\n',
        "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n## 1.4.0 - 2026-12-01\n\n- Something.\n",
        ".gitignore": "build/\n__pycache__/\n",
        "README.md": "# Template\n",
        **{f"studio/seed/{name}": text for name, text in SEED.items()},
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    start_repository(folder)
    git(folder, "remote", "add", "origin", ADDRESS)
    return folder


def add_history(folder: Path) -> None:
    """Add commits with a file that git stores as differences, and tags; two are of releases."""
    lines = [f"{number}: {hashlib.sha256(bytes([number])).hexdigest()}" for number in range(200)]
    for number in range(1, 6):
        lines[number * 30] = f"changed in commit {number}"
        (folder / "data.txt").write_text("\n".join(lines), encoding="utf-8")
        commit(folder, f"Change {number}")
        if number in (2, 4):
            git(folder, "tag", "-a", f"v1.{number - 1}.0", "-m", "Release")
    git(folder, "tag", "mine")
    git(folder, "tag", "v1.5.0")


def wheel(name: str, version: str, tag: str = "py3-none-any") -> tuple[str, bytes]:
    """Return name and content of a wheel that pip takes.

    The format: https://packaging.python.org/specifications/binary-distribution-format/.
    """
    folder = f"{name}-{version}.dist-info"
    entries = {
        f"{name}.py": "",
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{folder}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{folder}/RECORD": "",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in entries.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return f"{name}-{version}-{tag}.whl", buffer.getvalue()


def digest(content: bytes) -> str:
    """Return what a lock says of a file."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def lock_of(lines: Mapping[str, str]) -> str:
    """Return a lock as uv writes it: requirement → hash of its only file."""
    return "".join(f"{words} \\\n    --hash={hashed}\n" for words, hashed in lines.items())


def publishable(template: Path, folder: Path) -> Path:
    """Make a release of this repository whose seed needs one wheel, in `wheels` beside it.

    Args:
        template: The repository as a fresh clone has it.
        folder: Where to.
    """
    shutil.copytree(template, folder)
    name, content = wheel("pure", "1.0")
    (folder.parent / "wheels").mkdir(exist_ok=True)
    (folder.parent / "wheels" / name).write_bytes(content)
    lock = lock_of({"pure==1.0": digest(content)})
    (folder / "studio/seed/seed.lock").write_text(lock, encoding="utf-8")
    set_version(folder, VERSION)
    start_repository(folder)
    git(folder, "remote", "add", "origin", ADDRESS.replace("://", "://me:secret@"))
    return folder


def set_version(root: Path, version: str) -> None:
    """Write a version into the packages, as a release does."""
    for file in root.glob("packages/*/pyproject.toml"):
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', text), "utf-8")


def pip_variables(root: Path) -> dict[str, str]:
    """Return what lets pip find the wheels beside a repository, and nothing in an index."""
    wheels = str(root.parent / "wheels")
    return {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null", "PIP_FIND_LINKS": wheels}
