"""What publishing refuses: each by rule, value and remedy, with nothing asked of AWS before."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sagetabular.errors import UserError
from studio.publishing.bundling.repository import check_release, open_source, template_address
from studio.publishing.command import main
from studio.publishing.placing.order import check_order
from tests.baking import ROOT
from tests.releases import commit, edit, git
from tests.studio.publishing import ADDRESS, small_repository

Spoil = Callable[[Path], object]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return small_repository(tmp_path / "repository")


def refusal(root: Path, *words: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Publish, and return the lines of the refusal."""
    assert main(root, words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err.splitlines()


def _edit(root: Path) -> None:
    (root / "README.md").write_text("# Mine\n")


def _add(root: Path) -> None:
    (root / "studio/seed/json.py").write_text("")
    git(root, "add", "studio/seed/json.py")


def _leave_untracked(root: Path) -> None:
    (root / "studio/nöte two.txt").write_text("")


def _remove(root: Path) -> None:
    (root / "README.md").unlink()


@pytest.mark.parametrize(
    ("spoil", "file"),
    [
        (_edit, "README.md"),
        (_add, "studio/seed/json.py"),
        (_leave_untracked, "studio/nöte two.txt"),
        (_remove, "README.md"),
    ],
)
def test_a_working_tree_with_changes(
    root: Path, spoil: Spoil, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(root)
    assert refusal(root, "--dry-run", capsys=capsys) == [
        f"What is published is a commit, and these files differ from it: {file}.",
        "Commit them, or stash them: `git stash --include-untracked`.",
    ]


def test_a_state_between_two_releases(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last release can publish itself, or is too old for that."""
    edit(root / "packages/sagetabular/pyproject.toml", "1.4.0", "1.5.0.dev0")
    commit(root, "Begin 1.5.0")
    rule = (
        "Only releases are published, and the version is 1.5.0.dev0 "
        "(packages/sagetabular/pyproject.toml)."
    )
    first = "Release it first, `make release VERSION=1.5.0`; --dry-run takes any commit."
    assert refusal(root, capsys=capsys) == [rule, first]
    (root / "studio/publish.py").write_text("")
    commit(root, "Publish")
    git(root, "tag", "v1.4.0")
    last = "Check the last release out, `git checkout v1.4.0`; --dry-run takes any commit."
    assert refusal(root, capsys=capsys) == [rule, last]
    git(root, "checkout", "-q", "--detach", "HEAD~2")
    check_release(open_source(root))


def test_a_folder_that_is_no_clone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule, remedy = refusal(tmp_path, "--dry-run", capsys=capsys)
    assert rule.startswith(f"git rev-parse failed in {tmp_path}: fatal: not a git repository")
    assert remedy == "Publish from a clone of the template, made by `git clone`."


def test_a_clone_without_its_history(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "README.md").write_text("# Two\n")
    commit(root, "Two")
    git(tmp_path, "clone", "-q", "--depth=1", root.as_uri(), "shallow")
    assert refusal(tmp_path / "shallow", "--dry-run", capsys=capsys) == [
        "The bundle holds the template's history, and this clone is a shallow one.",
        "Run `git fetch --unshallow`.",
    ]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (ADDRESS, ADDRESS),
        ("https://me:secret@git.example.com/org/template.git", ADDRESS),
        ("https://token@git.example.com:8443/o/t", "https://git.example.com:8443/o/t"),
        ("https://me:se@cret@git.example.com/o/t", "https://git.example.com/o/t"),
        ("git@git.example.com:org/template.git", "git@git.example.com:org/template.git"),
        ("ssh://git@git.example.com/o/t.git", "ssh://git@git.example.com/o/t.git"),
        ("codecommit::eu-west-1://template", "codecommit::eu-west-1://template"),
    ],
)
def test_the_templates_address_has_no_credentials(root: Path, given: str, kept: str) -> None:
    source = open_source(root)
    assert template_address(source, given) == kept
    git(root, "remote", "set-url", "origin", given)
    assert template_address(source, None) == kept


@pytest.mark.parametrize(
    "given",
    [
        "/srv/template", "../template", "C:\\template", "file:///srv/template", "template",
        "http://git.example.com/o/t", "https://git.example.com/o/t?private_token=x",
        "https://git.example.com/{{ 7 }}", "https://git.example.com/o t", "ext::sh -c id",
        "ssh://git:secret@git.example.com/o/t", "--upload-pack=id", "https://a/b\nc",
    ],
)  # fmt: skip
def test_an_address_that_others_cannot_use(root: Path, given: str) -> None:
    with pytest.raises(UserError, match="must be one of https or ssh") as refused:
        template_address(open_source(root), given)
    assert "--template-url" in refused.value.remedy
    assert "secret" not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 2


def test_no_address_at_all(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(root, "remote", "remove", "origin")
    rule, remedy = refusal(root, "--dry-run", capsys=capsys)
    assert rule == "Projects keep the template's address, and there is no `origin`."
    assert "--template-url" in remedy


@pytest.mark.parametrize(
    ("release", "own", "refused"),
    [
        ("1.5.0", "", "has release 1.5.0, which is newer than 1.4.0"),
        ("1.10.0", "", "has release 1.10.0, which is newer than 1.4.0"),
        ("1.4.0", "child", "which does not come before"),
        ("1.4.0", "unknown", "which does not come before"),
        ("", "", "does not say which release it is"),
        ("1.4.0", "same", None),
        ("1.4.0", "parent", None),
        ("1.3.9", "unknown", None),
    ],
)
def test_an_older_release_replaces_none(
    root: Path, release: str, own: str, refused: str | None
) -> None:
    commits = {"": "", "unknown": "0" * 40, "parent": git(root, "rev-parse", "HEAD")}
    for name in ("same", "child"):
        (root / "README.md").write_text(name)
        commit(root, name)
        commits[name] = git(root, "rev-parse", "HEAD")
    git(root, "checkout", "-q", "--detach", commits["same"])
    source = open_source(root)
    check_order(source, None, "templates")
    there = (release, commits[own])
    if refused is None:
        check_order(source, there, "templates")
        return
    with pytest.raises(UserError, match=refused) as raised:
        check_order(source, there, "templates")
    assert "--allow-older" in raised.value.remedy


def test_an_option_that_there_is_not(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(root, "--buckets", "x", capsys=capsys) == [
        "studio/publish.py: unrecognized arguments: --buckets x.",
        "See `studio/publish.py --help`.",
    ]


def test_a_python_without_libraries_says_what_to_do() -> None:
    result = subprocess.run(
        [sys.executable, "-S", "-I", ROOT / "studio/publish.py", "--dry-run"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert (result.returncode, result.stdout) == (2, "")
    rule, remedy = result.stderr.splitlines()
    assert f"this Python ({sys.executable}) lacks boto3, cookiecutter" in rule
    assert "make environment" in remedy and ".venv/bin/python studio/publish.py" in remedy
