"""Whoever generates from main gets the last release, and a release changes what is its own."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

from packages import release
from tests.baking import ROOT, TEMPLATE, copy_repository, files
from tests.releases import (
    LINES,
    LOCKS,
    add_to_changelog,
    clone,
    git,
    locked,
    make_release,
    next_version,
    run_release,
    wheel_version,
)
from tests.test_repository import FORBIDDEN

PACKAGES = ("sagelocal", "sagetabular")
# Which of them a lock has: the image of the jobs needs no runner.
LOCKED = dict(zip(LOCKS, (set(PACKAGES), {"sagetabular"}, {"sagetabular"}), strict=True))
REMEDY = (
    "packages/ and the wheels in vendor/ differ: set both versions to the next X.Y.Z.dev0, "
    "and release at the end: make release VERSION="
)
PROJECT = ROOT / TEMPLATE
LEFT = (
    *("__pycache__/x.cpython-311.pyc", "x.pyc", ".DS_Store"),
    *(f"{folder}/x" for folder in (".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache")),
)
UV = [str(Path(sys.executable).with_name("uv")), "pip", "sync", "--offline", "--no-config"]
PIP = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "-r"]


def versions(root: Path) -> set[str]:
    return {release.package_version(root, package) for package in PACKAGES}


def committed(root: Path) -> set[str]:
    return {wheel_version(wheel) for wheel in (root / TEMPLATE / "vendor").glob("*.whl")}


def contents(wheel: Path) -> dict[str, bytes]:
    """Return what a wheel holds, without what names the program that built it."""
    found = release.contents(wheel)
    return {name: found[name] for name in found if not name.endswith(("/WHEEL", "/RECORD"))}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build both packages as they are now."""
    return release.build_wheels(ROOT, tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def released(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the next release in a copy, after a commit that changed something."""
    repository = clone(template, tmp_path_factory.mktemp("released") / "repository")
    make_release(repository, next_version(repository), "Something changed.")
    return repository


def test_main_is_always_released(built: dict[str, Path]) -> None:
    (version,) = versions(ROOT)
    if version.endswith(".dev0"):
        above = all(Version(last) < Version(version) for last in committed(ROOT))
        assert above, f"{version} must be above the committed wheels: {committed(ROOT)}"
        return
    assert committed(ROOT) == {version}, REMEDY
    for package, wheel in release.vendored(PROJECT).items():
        ours, theirs = contents(built[package]), contents(wheel)
        differ = {name for name in ours | theirs if ours.get(name) != theirs.get(name)}
        assert not differ, f"{REMEDY}\n{sorted(differ)}"


def test_the_versions_are_a_release_or_on_the_way_to_one() -> None:
    (version,) = versions(ROOT)
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev0)?", version)


def test_the_committed_wheels_the_locks_and_the_project_are_one_release() -> None:
    wheels = release.vendored(PROJECT)
    assert set(wheels) == set(PACKAGES)
    assert len(list((PROJECT / "vendor").glob("*.whl"))) == len(PACKAGES)
    (version,) = committed(ROOT)
    for lock, packages in LOCKED.items():
        assert locked(ROOT / lock) == {
            package: (version, hashlib.sha256(wheels[package].read_bytes()).hexdigest())
            for package in packages
        }
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["sagetabular"]["template"] == version
    assert release.last_release(ROOT) == version


def test_a_build_elsewhere_and_later_gives_the_same_bytes(
    built: dict[str, Path], tmp_path: Path
) -> None:
    copy = copy_repository(tmp_path / "elsewhere")
    for path in (copy / "packages").rglob("*.py"):
        os.utime(path, (1_800_000_000, 1_800_000_000))
        path.chmod(0o660)
    again = release.build_wheels(copy, tmp_path / "wheels")
    assert {name: wheel.read_bytes() for name, wheel in again.items()} == {
        name: wheel.read_bytes() for name, wheel in built.items()
    }


def test_what_tools_leave_behind_gets_into_no_wheel(
    template: Path, built: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copy(template / ".gitignore", tmp_path)
    shutil.copytree(template / "packages", tmp_path / "packages")
    for package, left in itertools.product(PACKAGES, LEFT):
        file = tmp_path / "packages" / package / "src" / package / left
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"left")
    for package, wheel in release.build_wheels(tmp_path, tmp_path / "wheels").items():
        assert wheel.read_bytes() == built[package].read_bytes()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_holds_the_sources_the_licence_and_nothing_else(
    built: dict[str, Path], package: str
) -> None:
    source = ROOT / "packages" / package / "src" / package
    junk = re.compile(r"__pycache__|\.pyc$|/\.|^\.")
    sources = {f"{package}/{name}" for name in files(source) if not junk.search(name)}
    found = release.contents(built[package])
    info = f"{package}-{wheel_version(built[package])}.dist-info/"
    extra = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    extra |= {"extra_metadata/pyproject.toml"}  # for `pipeline eject --all`
    assert set(found) == sources | {info + name for name in extra}
    assert b"MIT No Attribution" in found[f"{info}licenses/LICENSE"]
    metadata = found[f"{info}METADATA"].decode()
    assert "\nLicense-Expression: MIT-0\n" in metadata
    assert "Private" not in metadata and "file:" not in metadata
    words = [word.encode() for word in FORBIDDEN]
    assert [name for name, data in found.items() if any(word in data for word in words)] == []


def test_a_release_changes_what_is_its_own(released: Path) -> None:
    changed = git(released, "diff", "--name-only", "--no-renames", "HEAD~", "HEAD").splitlines()
    (version,) = committed(released)
    (before,) = committed(ROOT)
    wheels = {
        f"{TEMPLATE}/vendor/{package}-{each}-py3-none-any.whl"
        for package in PACKAGES
        for each in (before, version)
    }
    pyprojects = {f"packages/{package}/pyproject.toml" for package in PACKAGES}
    assert set(changed) == wheels | pyprojects | set(LOCKS) | {
        "CHANGELOG.md",
        f"{TEMPLATE}/pyproject.toml",
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_a_release_changes_its_own_lines_of_a_lock(released: Path, lock: str) -> None:
    before = git(released, "show", f"HEAD~:{lock}").splitlines()
    after = git(released, "show", f"HEAD:{lock}").splitlines()
    pairs = enumerate(zip(before, after, strict=True))
    changed = [number for number, (old, new) in pairs if old != new]
    ours = [number for number, line in enumerate(before) if line.startswith(PACKAGES)]
    assert changed == sorted([*ours, *(number + 1 for number in ours)])
    wheels = release.vendored(released / TEMPLATE)
    assert locked(released / lock) == {
        package: (wheel_version(wheel), hashlib.sha256(wheel.read_bytes()).hexdigest())
        for package, wheel in wheels.items()
        if package in LOCKED[lock]
    }


def test_a_release_has_one_version_everywhere(released: Path, tmp_path: Path) -> None:
    version = next_version(ROOT)
    assert versions(released) == committed(released) == {version}
    assert release.last_release(released) == version
    project = (released / TEMPLATE / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\ntemplate = "{version}"\n' in project
    rebuilt = release.build_wheels(released, tmp_path)
    for package, wheel in release.vendored(released / TEMPLATE).items():
        assert wheel.read_bytes() == rebuilt[package].read_bytes()


def test_a_release_dates_what_the_changelog_has_unreleased(released: Path) -> None:
    before = git(released, "show", "HEAD~:CHANGELOG.md")
    after = git(released, "show", "HEAD:CHANGELOG.md")
    heading = rf"## {re.escape(next_version(ROOT))} - \d{{4}}-\d\d-\d\d\n"
    found = re.search(rf"## Unreleased\n\n({heading})\n- Something changed\.\n", after)
    assert found
    assert after.replace(f"\n{found.group(1)}", "") == before


def test_a_release_is_a_commit_with_an_annotated_tag(released: Path) -> None:
    version = next_version(ROOT)
    assert git(released, "log", "-1", "--format=%s") == f"Release {version}"
    assert git(released, "cat-file", "-t", f"v{version}") == "tag"
    assert git(released, "rev-parse", f"v{version}^{{}}") == git(released, "rev-parse", "HEAD")
    assert git(released, "status", "--porcelain") == ""


def test_a_major_release_asks_for_its_own_major(template: Path, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    shutil.copytree(template, root)
    add_to_changelog(root, "Something else.")
    assert run_release(root, "7.0.0", "--no-commit").returncode == 0
    project = (root / TEMPLATE / "pyproject.toml").read_text(encoding="utf-8")
    assert '"sagelocal==7.*"' in project and '"sagetabular[all]==7.*"' in project
    package = (root / "packages/sagetabular/pyproject.toml").read_text(encoding="utf-8")
    assert '"sagelocal>=7,<8"' in package


@pytest.mark.parametrize(
    ("version", "rule"),
    [
        ("last", "VERSION must be above the last release "),
        ("0.0.1", "VERSION must be above the last release "),
        ("1.2", "VERSION must be three numbers, got '1.2'."),
        ("v9.0.0", "VERSION must be three numbers, got 'v9.0.0'."),
        ("9.0.0.dev0", "VERSION must be three numbers, got '9.0.0.dev0'."),
        ("9.0.01", "VERSION must be three numbers, got '9.0.01'."),
        ("", "VERSION must be three numbers, got ''."),
        ("9.0.0", "CHANGELOG.md must say under `## Unreleased` what changed."),
    ],
)
def test_a_release_is_refused_by_two_lines(released: Path, version: str, rule: str) -> None:
    head = git(released, "rev-parse", "HEAD")
    result = run_release(released, version.replace("last", next_version(ROOT)))
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 2
    assert result.stderr.startswith(rule)
    assert git(released, "status", "--porcelain") == ""
    assert git(released, "rev-parse", "HEAD") == head


def test_a_release_of_changes_that_are_not_committed_is_refused(
    released: Path, tmp_path: Path
) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(released, repository)
    add_to_changelog(repository, "Nobody has read this.")
    result = run_release(repository, "9.0.0")
    assert result.returncode == 2
    assert result.stderr == (
        "The working tree must be clean, and has changes.\nCommit or stash them.\n"
    )
    assert git(repository, "status", "--porcelain") == "M CHANGELOG.md"


def test_a_release_whose_tag_is_there_is_refused(released: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(released, repository)
    git(repository, "tag", "v9.0.0")
    result = run_release(repository, "9.0.0")
    assert result.returncode == 2
    assert result.stderr == "VERSION must be new, and there is a tag v9.0.0.\nRaise it.\n"


@pytest.mark.slow
@pytest.mark.parametrize("installer", [UV, PIP], ids=["uv", "pip"])
def test_a_wheel_that_was_changed_is_refused(tmp_path: Path, installer: list[str]) -> None:
    vendor = tmp_path / "vendor"
    shutil.copytree(PROJECT / "vendor", vendor)
    text = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    lock = tmp_path / "requirements.lock"
    lock.write_text("\n".join(found.group() for found in LINES.finditer(text)), encoding="utf-8")

    def install(folder: str) -> subprocess.CompletedProcess[str]:
        options = ["--require-hashes", "--find-links", "vendor", "--target", folder]
        return subprocess.run(
            [*installer, lock.name, *options],
            cwd=tmp_path,
            env={**os.environ, "UV_CACHE_DIR": str(tmp_path / "cache" / folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    accepted = install("accepted")
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert all((tmp_path / "accepted" / package).is_dir() for package in PACKAGES)
    wheel = release.vendored(tmp_path)["sagetabular"]
    data = bytearray(wheel.read_bytes())
    data[10] ^= 1  # the time of the first file: what the wheel holds is the same
    wheel.write_bytes(data)
    refused = install("refused")
    assert refused.returncode != 0
    assert re.search(r"hash mismatch|do not match the hashes", refused.stderr, re.I)
