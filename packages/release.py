"""Release both packages: wheels into the template's `vendor/`, pins, locks, changelog, tag.

    python packages/release.py 1.1.0

The files are the record of a release, the headings of CHANGELOG.md the list of them: a tag may not
travel. What the wheels hold decides, not their bytes: compression differs between zlibs.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("sagelocal", "sagetabular")
PROJECT = "{{cookiecutter.project_slug}}"
LOCKS = ("requirements.lock", "container/jobs.lock", "container/model.lock")
_NUMBERS = r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}"
_RELEASED = re.compile(rf"^## ({_NUMBERS}) - ", re.MULTILINE)
_UNRELEASED = "## Unreleased\n"
_VERSION = re.compile(r"^version = \"([^\"]+)\"$", re.MULTILINE)
_TEMPLATE = re.compile(r"^template = \"[^\"]+\"$", re.MULTILINE)
# The major, as the project and sagetabular ask for it.
_PIN = re.compile(r"\"((?:sagelocal|sagetabular)(?:\[\w+\])?)==\d+\.\*\"")
_RANGE = re.compile(r"\"sagelocal>=\d+,<\d+\"")


def main() -> None:
    """Release the version that the command line names, and print what to push."""
    parser = argparse.ArgumentParser(description="Release both packages into the template.")
    parser.add_argument("version", help="the new version, such as 1.1.0")
    parser.add_argument("--no-commit", action="store_true", help="change the files alone")
    given = parser.parse_args()
    tag = f"v{given.version}"
    check_version(ROOT, given.version)
    if not given.no_commit:
        _check_git(tag)
    release(ROOT, given.version)
    if given.no_commit:
        return
    _git("add", "--all")
    _git("commit", "--quiet", "--message", f"Release {given.version}")
    _git("tag", "--annotate", tag, "--message", f"Release {given.version}")
    print(f"Released {given.version}. Next: git push --follow-tags")


def release(root: Path, version: str) -> None:
    """Change all files that a release changes.

    Args:
        root: The repository.
        version: The new version: three numbers, above the last release.

    Raises:
        SystemExit: The version breaks its rule, or the changelog says nothing.
    """
    check_version(root, version)
    changelog = _dated(root, version)
    project = root / PROJECT
    major, _, _ = _numbers(version)
    for package in PACKAGES:
        file = root / f"packages/{package}/pyproject.toml"
        _replace(file, _VERSION, f'version = "{version}"')
        _replace(file, _RANGE, f'"sagelocal>={major},<{major + 1}"')
    with tempfile.TemporaryDirectory(prefix="wheels-") as folder:
        vendor_wheels(build_wheels(root, Path(folder)), project)
    _replace(project / "pyproject.toml", _TEMPLATE, f'template = "{version}"')
    _replace(project / "pyproject.toml", _PIN, rf'"\g<1>=={major}.*"')
    (root / "CHANGELOG.md").write_text(changelog, encoding="utf-8")


def check_version(root: Path, version: str) -> None:
    """Accept a version that may follow the last release.

    Raises:
        SystemExit: It is none, or is not above it.
    """
    if not re.fullmatch(_NUMBERS, version):
        _refuse(f"VERSION must be three numbers, got {version!r}.", "Write, for example, 1.1.0.")
    last = last_release(root)
    if last and _numbers(version) <= _numbers(last):
        _refuse(f"VERSION must be above the last release {last}, got {version}.", "Raise it.")


def last_release(root: Path) -> str | None:
    """Return the highest version that the changelog has under a date; None before the first."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    return max(_RELEASED.findall(text), key=_numbers, default=None)


def package_version(root: Path, package: str) -> str:
    """Return the version in a package's `pyproject.toml`."""
    text = (root / f"packages/{package}/pyproject.toml").read_text(encoding="utf-8")
    found = _VERSION.search(text)
    assert found  # noqa: S101 - the build would fail without it
    return found.group(1)


def vendored(project: Path) -> dict[str, Path]:
    """Return package → its wheel in a project's `vendor/`, of those that are there."""
    wheels = (project / "vendor").glob("*.whl")
    return {wheel.name.split("-")[0]: wheel for wheel in wheels}


def build_wheels(root: Path, folder: Path) -> dict[str, Path]:
    """Build both packages; the same sources give the same wheels.

    Args:
        root: The repository.
        folder: Where to put them.

    Returns:
        Package → wheel.
    """
    for package in PACKAGES:
        subprocess.run(  # noqa: S603 - our own build
            [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(folder)],
            cwd=root / "packages" / package,
            env={"PATH": "", "PYTHONDONTWRITEBYTECODE": "1"},  # no time and no option of ours
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return {name: next(folder.glob(f"{name}-*.whl")) for name in PACKAGES}


def contents(wheel: Path) -> dict[str, bytes]:
    """Return name → content of a wheel's files."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def vendor_wheels(wheels: dict[str, Path], project: Path) -> None:
    """Put wheels into a project in place of those that it has, with their lines in its locks."""
    for package, wheel in wheels.items():
        for old in (project / "vendor").glob(f"{package}-*.whl"):
            old.unlink()
        shutil.copyfile(wheel, project / "vendor" / wheel.name)
        for lock in LOCKS:
            _lock(project / lock, package, wheel)


def _lock(lock: Path, package: str, wheel: Path) -> None:
    """Change a package's version and hash in a lock that has it; every other line stays."""
    version = wheel.name.split("-")[1]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    line = re.compile(rf"^{package}==[^ ]+ \\\n    --hash=sha256:[0-9a-f]{{64}}$", re.MULTILINE)
    text = lock.read_text(encoding="utf-8")
    lock.write_text(
        line.sub(f"{package}=={version} \\\\\n    --hash=sha256:{digest}", text), encoding="utf-8"
    )


def _dated(root: Path, version: str) -> str:
    """Return the changelog with what is unreleased under the new version and today's date.

    Raises:
        SystemExit: Nothing is unreleased.
    """
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    head, _, rest = text.partition(_UNRELEASED)
    if not re.search(r"^[^#\s]", rest.partition("\n## ")[0], re.MULTILINE):
        _refuse("CHANGELOG.md must say under `## Unreleased` what changed.", "Write it there.")
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    return f"{head}{_UNRELEASED}\n## {version} - {today}\n{rest}"


def _replace(path: Path, pattern: re.Pattern[str], text: str) -> None:
    path.write_text(pattern.sub(text, path.read_text(encoding="utf-8")), encoding="utf-8")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _check_git(tag: str) -> None:
    if _git("status", "--porcelain"):
        _refuse("The working tree must be clean, and has changes.", "Commit or stash them.")
    if _git("tag", "--list", tag):
        _refuse(f"VERSION must be new, and there is a tag {tag}.", "Raise it.")


def _git(*words: str) -> str:
    command = ["git", "-C", str(ROOT), *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return ended.stdout.strip()


def _refuse(rule: str, remedy: str) -> NoReturn:
    print(rule, remedy, sep="\n", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
