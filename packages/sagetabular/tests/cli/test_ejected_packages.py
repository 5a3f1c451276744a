"""`pipeline eject --all` and `pipeline vendor`: both packages as sources, wheels made of them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from unittest.mock import create_autospec

import pytest
from projects import TEMPLATE, Example

from sagetabular.project import packages

pytestmark = pytest.mark.slow

PACKAGES = TEMPLATE.parent / "packages"
NAMES = ("sagelocal", "sagetabular")
LOCKS = {
    "requirements.lock": NAMES,
    "container/jobs.lock": ("sagetabular",),
    "container/model.lock": ("sagetabular",),
}
CODE = "packages/sagetabular/src/sagetabular/errors.py"
# What builds a wheel is installed here, and no index is asked.
OFFLINE = {"UV_OFFLINE": "1", "UV_NO_BUILD_ISOLATION": "1"}


def contents(wheel) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def build(folder, target):
    """Build a wheel as a release does."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=folder,
        env=os.environ | {"SOURCE_DATE_EPOCH": "315532800"},
        capture_output=True,
        check=True,
    )
    return next(target.glob(f"{folder.name}-*.whl"))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Both packages as the next release has them."""
    folder = tmp_path_factory.mktemp("wheels")
    return {name: build(PACKAGES / name, folder) for name in NAMES}


@pytest.fixture(scope="module")
def site(tmp_path_factory, wheels):
    """A folder with both wheels unpacked, as an installation has them."""
    folder = tmp_path_factory.mktemp("site")
    for wheel in wheels.values():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


def lock_line(name, version, wheel) -> str:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


@pytest.fixture
def project(tmp_path, wheels):
    """A project with wheels and locks, as the template has them."""
    example = Example(tmp_path / "project")
    (example.root / "vendor").mkdir()
    for wheel in wheels.values():
        (example.root / "vendor" / wheel.name).write_bytes(wheel.read_bytes())
    for lock, names in LOCKS.items():
        lines = [lock_line(name, wheels[name].name.split("-")[1], wheels[name]) for name in names]
        example.write(lock, f"numpy==2.1.0 \\\n    --hash=sha256:01\n{''.join(lines)}xlrd==1\n")
    return example


@pytest.fixture
def command(site, project):
    """Run the `pipeline` command of the unpacked wheels in the project."""

    def run(*words):
        path = os.pathsep.join([str(site), *filter(None, sys.path)])
        return subprocess.run(
            [sys.executable, "-m", "sagetabular.cli", *words],
            cwd=project.root,
            env=os.environ | OFFLINE | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def unpacked(command, project):
    """The project, with both packages unpacked."""
    ended = command("eject", "--all")
    assert (ended.returncode, ended.stderr) == (0, "")
    return project


def files_of(root) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for folder in ("vendor", "container", "packages")
        for path in (root / folder).rglob("*")
        if path.is_file()
    } | {"requirements.lock": (root / "requirements.lock").read_bytes()}


def test_what_is_unpacked_builds_to_the_wheels_that_were_installed(unpacked, wheels, tmp_path):
    (tmp_path / "again").mkdir()
    for name in NAMES:
        folder = unpacked.root / "packages" / name
        for file in ("pyproject.toml", "README.md", "LICENSE"):
            assert (folder / file).read_bytes() == (PACKAGES / name / file).read_bytes()
        assert contents(build(folder, tmp_path / "again")) == contents(wheels[name])
    assert {path.name for path in (unpacked.root / "packages").iterdir()} == {*NAMES, "ruff.toml"}


def test_the_sources_keep_the_rules_of_style_that_come_with_them(unpacked):
    unpacked.write("pyproject.toml", (TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))
    ended = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "packages"],
        cwd=unpacked.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-2000:]


def test_it_says_what_runs_and_how_a_change_comes_there(command):
    lines = command("eject", "--all").stdout.splitlines()
    assert lines[0].startswith("packages/sagelocal and packages/sagetabular are the sources of ")
    assert lines[1] == "What runs, here, in images and on build servers, still comes from vendor/."
    words = " ".join(lines)
    for next_one in ("pipeline vendor", "make lock", "make setup", "cruft update"):
        assert next_one in words


def test_unchanged_sources_change_no_wheel_and_no_lock(command, unpacked):
    before = files_of(unpacked.root)
    ended = command("vendor")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count(": unchanged\n") == 2
    assert files_of(unpacked.root) == before


def test_a_change_comes_into_vendor_and_into_the_locks_and_nowhere_else(command, unpacked, wheels):
    before = files_of(unpacked.root)
    unpacked.append(CODE, "\n# ours\n")
    finding = [one for one in doctor(command) if one["subject"] == "ejected"]
    assert [one["text"] for one in finding] == [
        "packages/sagetabular must be what its wheel in vendor/ is made of, and differs."
    ]
    assert finding[0]["remedy"] == "Run `pipeline vendor`, then `make setup`."

    ended = command("vendor")
    assert (ended.returncode, ended.stderr) == (0, "")
    (wheel,) = (unpacked.root / "vendor").glob("sagetabular-*.whl")
    version = wheel.name.split("-")[1]
    released = wheels["sagetabular"].name.split("-")[1]
    assert version.startswith(f"{released}+own")
    made = contents(wheel)
    assert made["sagetabular/errors.py"].endswith(b"\n# ours\n")
    assert f"Version: {version}\n".encode() in made[f"sagetabular-{version}.dist-info/METADATA"]

    after = files_of(unpacked.root)
    for lock, names in LOCKS.items():
        old = lock_line("sagetabular", released, wheels["sagetabular"])
        new = lock_line("sagetabular", version, wheel)
        assert "sagetabular" in names
        assert after[lock].decode() == before[lock].decode().replace(old, new)
    changed = {name for name in after if before.get(name) != after[name]}
    assert changed == {CODE, *LOCKS, f"vendor/{wheel.name}"}
    assert [one for one in doctor(command) if one["subject"] == "ejected"] == []
    assert command("vendor").stdout.count(": unchanged\n") == 2
    assert files_of(unpacked.root) == after


def doctor(command):
    return json.loads(command("doctor", "--json").stdout)["findings"]


def test_the_same_sources_give_the_same_version_and_others_another(command, unpacked):
    versions = []
    for text in ("# one\n", "# two\n", "# one\n"):
        unpacked.write(CODE, (PACKAGES / "sagetabular/src/sagetabular/errors.py").read_text())
        unpacked.append(CODE, text)
        assert command("vendor").returncode == 0
        (wheel,) = (unpacked.root / "vendor").glob("sagetabular-*.whl")
        versions.append((wheel.name, hashlib.sha256(wheel.read_bytes()).hexdigest()))
    assert versions[0] == versions[2] != versions[1]


def break_version(project):
    file = "packages/sagetabular/pyproject.toml"
    text = (project.root / file).read_text(encoding="utf-8")
    project.write(file, text.replace('version = "', 'dynamic = ["version"] # "', 1))


def break_build(project):
    project.append("packages/sagetabular/pyproject.toml", "\n[tool.hatch\n")


def break_lock(project):
    project.append(CODE, "\n# ours\n")
    project.write("requirements.lock", "sagelocal==1\nsagetabular @ file:x\n")


def remove_sources(project):
    (project.root / "packages").rename(project.root / "elsewhere")


BROKEN = {
    "no version": (
        break_version,
        'packages/sagetabular/pyproject.toml must have one line version = "…", got 0.',
    ),
    "no TOML": (break_build, "packages/sagetabular cannot be built: "),
    "a lock without their lines": (
        break_lock,
        "requirements.lock must have a line sagelocal==… with the hash of one wheel, got none.",
    ),
    "no sources": (
        remove_sources,
        "packages/sagelocal must hold the sources of sagelocal, got no pyproject.toml.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_built_leaves_all_as_it_was(command, unpacked, name):
    change, rule = BROKEN[name]
    change(unpacked)
    before = files_of(unpacked.root)
    ended = command("vendor")
    assert (ended.returncode, ended.stdout) == (2, "")
    found, _remedy = ended.stderr.splitlines()
    assert found.startswith(rule)
    assert files_of(unpacked.root) == before


def test_a_folder_of_that_name_stays(command, project):
    project.write("packages/mine", "x")
    ended = command("eject", "--all")
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "packages/ must be new, but it exists.",
        "Rename or remove it, then eject the packages again.",
    ]
    assert [path.name for path in (project.root / "packages").iterdir()] == ["mine"]


def test_an_installation_without_its_pyproject_is_refused_and_nothing_is_left(
    pipeline, example, monkeypatch, tmp_path
):
    (tmp_path / "METADATA").write_text("Metadata-Version: 2.4\nName: x\nVersion: 1.0.0\n")
    bare = packages.metadata.PathDistribution(tmp_path)
    real = packages.metadata.distribution
    monkeypatch.setattr(packages.metadata, "distribution", create_autospec(real, return_value=bare))
    before = sorted(example.root.iterdir())
    assert pipeline("eject", "--all").mistake == [
        "The installed sagelocal must hold its pyproject.toml and licence, got none.",
        "Install it from its wheel in vendor/: `make setup`.",
    ]
    assert sorted(example.root.iterdir()) == before
