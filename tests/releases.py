"""A git copy of this repository, in which a test makes releases."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from packages import release
from tests.baking import TEMPLATE

LOCKS = tuple(f"{TEMPLATE}/{lock}" for lock in release.LOCKS)
# A package in a lock: its version, and the hash of its only file.
LINES = re.compile(r"^(sagelocal|sagetabular)==(\S+) \\\n    --hash=sha256:(\w+)$", re.MULTILINE)


def next_version(root: Path) -> str:
    """Return the next minor version after that of the committed wheels."""
    major, minor, _ = wheel_version(release.vendored(root / TEMPLATE)["sagetabular"]).split(".")
    return f"{major}.{int(minor) + 1}.0"


def wheel_version(wheel: Path) -> str:
    """Return the version that a wheel's name says."""
    return wheel.name.split("-")[1]


def git(folder: Path, *words: str) -> str:
    """Call git in a folder and return what it printed."""
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def start_repository(folder: Path) -> Path:
    """Make a folder a git repository with one commit."""
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "config", "user.name", "Somebody")
    git(folder, "config", "user.email", "somebody@example.com")
    commit(folder, "Start")
    return folder


def clone(template: Path, folder: Path) -> Path:
    """Copy the template into a git repository of its own."""
    shutil.copytree(template, folder)
    return start_repository(folder)


def commit(folder: Path, message: str) -> None:
    """Commit all changes."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def edit(file: Path, old: str, new: str) -> None:
    """Replace what is in a file once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, (file, old)
    file.write_text(text.replace(old, new), encoding="utf-8")


def add_to_changelog(root: Path, line: str) -> None:
    """Add a line to what is not yet released."""
    edit(root / "CHANGELOG.md", "## Unreleased\n", f"## Unreleased\n\n- {line}\n")


def run_release(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a repository's own `packages/release.py`."""
    return subprocess.run(
        [sys.executable, "packages/release.py", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def make_release(root: Path, version: str, line: str) -> None:
    """Commit all changes, and release them with a line in the changelog."""
    add_to_changelog(root, line)
    commit(root, line)
    result = run_release(root, version)
    assert result.returncode == 0, result.stdout + result.stderr


def locked(lock: Path) -> dict[str, tuple[str, str]]:
    """Return package → version and hash, of ours in a lock."""
    found = LINES.findall(lock.read_text(encoding="utf-8"))
    return {package: (version, digest) for package, version, digest in found}


def install(project: Path, folder: Path) -> Path:
    """Install a project's own wheels into a folder, by its lock and without network."""
    text = (project / "requirements.lock").read_text(encoding="utf-8")
    lock = folder.with_suffix(".lock")
    lock.write_text("\n".join(found.group() for found in LINES.finditer(text)), encoding="utf-8")
    uv = str(Path(sys.executable).with_name("uv"))
    options = ["--quiet", "--offline", "--no-config", "--no-index", "--no-deps"]
    places = ["--find-links", str(project / "vendor"), "--cache-dir", str(folder / "uv")]
    given = ["--target", str(folder), "--require-hashes", "-r", str(lock)]
    subprocess.run([uv, "pip", "install", *options, *places, *given], check=True)
    return folder
