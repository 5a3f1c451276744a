"""What this machine supplies in place of an account."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sagetabular.local.account import account_parameters
from sagetabular.project import find_project


@pytest.fixture
def commit(example, compiled):
    """The value of the parameter Commit, as a run would have it now."""
    return lambda: account_parameters(find_project(example.root), compiled, {})["Commit"]


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_outside_of_git_there_is_no_commit(commit) -> None:
    assert commit() == "none"


def test_the_commit_is_named_in_full_and_marked_when_files_differ(commit, example) -> None:
    git(example.root, "init", "-q")
    git(example.root, "add", ".")
    git(example.root, "commit", "-qm", "Start")
    head = git(example.root, "rev-parse", "HEAD")
    assert commit() == head
    example.change("conf/pipeline.yaml", "split.folds", 4)
    assert commit() == f"{head}-dirty"


def test_a_repository_around_the_project_does_not_lend_its_commit(commit, example) -> None:
    around = example.root.parent
    git(around, "init", "-q")
    (around / "other.txt").write_text("x")
    git(around, "add", "other.txt")
    git(around, "commit", "-qm", "Start")
    assert commit() == "none"


def test_a_build_server_without_the_repository_knows_the_commit(commit, monkeypatch) -> None:
    monkeypatch.setenv("CODEBUILD_RESOLVED_SOURCE_VERSION", "0123abcd" * 5)
    assert commit() == "0123abcd" * 5


def test_the_version_of_an_archive_that_is_built_is_no_commit(commit, monkeypatch) -> None:
    monkeypatch.setenv("CODEBUILD_RESOLVED_SOURCE_VERSION", "v1.QzEyMzQ1Njc4OTA")
    assert commit() == "none"
