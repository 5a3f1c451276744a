"""What the seed's build gets: the commit, and nothing that only this clone has."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from studio.publishing.bundling.bundle import Bundle, make_bundle
from studio.publishing.bundling.repository import (
    Source,
    committed_files,
    git_bundle,
    is_ancestor,
    open_source,
)
from tests.releases import commit, git
from tests.studio.publishing import ADDRESS, SEED, VERSION, add_history, small_repository

WHEELS = {"a-1-py3-none-any.whl": b"a wheel"}
SAMPLE = ("part-0.csv", b"a,b\n1,2\n")


def bundle_of(root: Path) -> Bundle:
    source = open_source(root)
    seed = committed_files(source, "studio/seed")
    return make_bundle(source, ADDRESS, git_bundle(source), seed, WHEELS, SAMPLE)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = small_repository(tmp_path_factory.mktemp("repository"))
    add_history(root)
    return root


@pytest.fixture(scope="module")
def bundle(repository: Path) -> Bundle:
    return bundle_of(repository)


def test_two_clones_of_one_commit_give_the_same_bytes(
    repository: Path, bundle: Bundle, tmp_path: Path
) -> None:
    """The other has other packs, times, modes and files that git ignores, and is no branch."""
    other = tmp_path / "other"
    before = os.umask(0o077)
    try:
        git(tmp_path, "clone", "-q", "--no-local", str(repository), "other")
        git(other, "checkout", "-q", "--detach")
        git(other, "-c", "pack.window=250", "repack", "-adfq", "--depth=200")
    finally:
        os.umask(before)
    git(other, "config", "pack.compression", "1")
    git(other, "config", "pack.threads", "2")
    for file in other.rglob("*"):
        if ".git" not in file.parts:
            os.utime(file, (1, 1))
    (other / "studio/seed/__pycache__").mkdir()
    (other / "studio/seed/__pycache__/seeding.pyc").write_bytes(b"\0")
    assert bundle_of(other).content == bundle.content
    assert bundle_of(repository).content == bundle.content


def test_a_bundle_is_named_by_release_and_content(bundle: Bundle, tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    file.write_bytes(bundle.content)
    said = subprocess.run(["sha256sum", file], capture_output=True, text=True, check=True).stdout
    assert bundle.key == f"bundles/template-{VERSION}-{said[:12]}.zip"
    assert bundle.sha256 == said[:64]


def test_a_bundle_has_what_the_build_needs_and_nothing_else(
    repository: Path, bundle: Bundle, tmp_path: Path
) -> None:
    file = tmp_path / "bundle.zip"
    file.write_bytes(bundle.content)
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}
        assert archive.namelist() == sorted([
            "buildspec.yml", "release.json", "sample/part-0.csv", "seed.lock", "seed/__init__.py",
            "seed/seeding.py", "template.bundle", "wheels/a-1-py3-none-any.whl",
        ])  # fmt: skip
        assert archive.read("seed/seeding.py").decode() == SEED["seeding.py"]
        assert json.loads(archive.read("release.json")) == {
            "release": VERSION,
            "commit": git(repository, "rev-parse", "HEAD"),
            "template": ADDRESS,
            "python": "3.12",
        }


def test_git_clones_the_history_with_the_tags_of_releases_up_to_this_one(
    repository: Path, bundle: Bundle, tmp_path: Path
) -> None:
    """A tag of somebody's own, and of a later release, stay at home."""
    (tmp_path / "template.bundle").write_bytes(bundle.entries["template.bundle"])
    git(tmp_path, "clone", "-q", "template.bundle", "clone")
    clone = tmp_path / "clone"
    assert git(clone, "rev-parse", "HEAD") == git(repository, "rev-parse", "HEAD")
    assert git(clone, "log", "--format=%H") == git(repository, "log", "--format=%H")
    assert git(clone, "ls-files", "-s") == git(repository, "ls-files", "-s")
    assert git(clone, "tag").split() == ["v1.1.0", "v1.3.0"]
    git(clone, "fsck", "--full", "--strict")


def test_what_is_ignored_or_replaced_locally_is_not_in_a_bundle(tmp_path: Path) -> None:
    root = small_repository(tmp_path / "repository")
    before = bundle_of(root)
    (root / "build").mkdir()
    (root / "build/secret.txt").write_text("secret")
    blob = git(root, "hash-object", "-w", "build/secret.txt")
    git(root, "replace", git(root, "rev-parse", "HEAD:README.md"), blob)
    git(root, "replace", git(root, "rev-parse", "HEAD:studio/seed/seeding.py"), blob)
    git(root, "update-index", "--refresh")
    assert bundle_of(root).content == before.content
    assert b"secret" not in before.content


def test_another_commit_gives_another_bundle(tmp_path: Path) -> None:
    root = small_repository(tmp_path / "repository")
    first, before = bundle_of(root), git(root, "rev-parse", "HEAD")
    (root / "README.md").write_text("# Other\n")
    commit(root, "Change")
    assert bundle_of(root).key != first.key
    assert is_ancestor(open_source(root), before)
    assert not is_ancestor(Source(root, before, VERSION), git(root, "rev-parse", "HEAD"))
