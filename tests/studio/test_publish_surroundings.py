"""Where one publishes: folders that are not as they must be, clones that lack, terminals, names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sagetabular.errors import UserError
from studio.publishing.arguments import parse
from studio.publishing.bundling.repository import git as call_git
from studio.publishing.bundling.repository import open_source
from studio.publishing.bundling.sample import start_of
from studio.publishing.bundling.wheels import wheels_of
from studio.publishing.command import main
from studio.publishing.placing.account import Publisher
from tests.baking import ROOT
from tests.releases import git
from tests.studio.publishing import add_history, digest, lock_of, small_repository, wheel

NAME, CONTENT = wheel("pure", "1.0")
LOCK = lock_of({"pure==1.0": digest(CONTENT)})
PUBLISH = str(ROOT / "studio/publish.py")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a cache's place, beside an index that has the wheel."""
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / NAME).write_bytes(CONTENT)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "studio/wheels"


def _file_for_its_parent(cache: Path) -> str:
    cache.parent.write_text("")
    return "Not a directory"


def _file_for_the_downloads(cache: Path) -> str:
    wheels_of(LOCK, cache)
    (folder,) = cache.iterdir()
    (folder / NAME).unlink()
    folder.rmdir()
    folder.write_text("")
    return "Not a directory"


def _folder_for_a_wheel(cache: Path) -> str:
    wheels_of(LOCK, cache)
    (file,) = cache.glob("*/*.whl")
    file.unlink()
    file.mkdir()
    return "Is a directory"


def _link_to_nowhere(cache: Path) -> str:
    wheels_of(LOCK, cache)
    (file,) = cache.glob("*/*.whl")
    file.unlink()
    file.symlink_to("nowhere")
    return "No such file"


@pytest.mark.parametrize(
    "spoil", [_file_for_its_parent, _file_for_the_downloads, _folder_for_a_wheel, _link_to_nowhere]
)
def test_a_cache_that_cannot_be_used(cache: Path, spoil: Callable[[Path], str]) -> None:
    why = spoil(cache)
    with pytest.raises(UserError, match=why) as refused:
        wheels_of(LOCK, cache)
    assert str(cache.parent) in refused.value.message
    assert refused.value.remedy == f"Make {cache} a folder of yours, or remove what is there."


def test_a_computer_without_a_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(UserError, match="temporary folder") as refused:
        start_of(b"")
    assert "TMPDIR" in refused.value.remedy


def test_a_clone_that_lacks_objects(tmp_path: Path) -> None:
    root = small_repository(tmp_path / "repository")
    add_history(root)
    git(root, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", root.as_uri(), "partial")
    with pytest.raises(UserError, match="this clone is a partial one") as refused:
        open_source(tmp_path / "partial")
    assert "--filter" in refused.value.remedy


def test_gits_failure_names_its_command(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"git clone failed in {tmp_path}: "):
        call_git(tmp_path, "-c", "advice.detachedHead=false", "-c", "gc.auto=0", "clone", "none")


def test_a_copy_within_another_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outer = small_repository(tmp_path / "outer")
    assert main(outer / "studio", ["--dry-run"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"The template must be a repository of its own; {outer / 'studio'} is within {outer}.",
        "Publish from a clone of the template, made by `git clone`.",
    ]


@pytest.mark.parametrize("bucket", ["Bad_Bucket", "ab", "s3://templates", "-templates", "a" * 64])
def test_a_bucket_that_s3_cannot_have(bucket: str) -> None:
    """General rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html."""
    with pytest.raises(UserError) as refused:
        parse([f"--bucket={bucket}"])
    assert refused.value.message == (
        f"--bucket must be 3 to 63 of a-z, 0-9, . and -, got {bucket!r}."
    )
    assert parse(["--bucket=my.templates-1"]).bucket == "my.templates-1"


def test_a_region_that_aws_cannot_have(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = "The Region must be like eu-west-1, got 'eu west'."
    with pytest.raises(UserError) as refused:
        parse(["--region", "eu west"])
    assert refused.value.message == rule
    monkeypatch.setenv("AWS_REGION", "eu west")
    with pytest.raises(UserError) as refused:
        Publisher(None, None)
    assert refused.value.message == rule
    assert parse(["--region", "us-gov-west-1"]).region == "us-gov-west-1"


def _run(program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )


@pytest.mark.parametrize("raised", ["KeyboardInterrupt", "print('1 …') or SystemExit(0)"])
def test_a_terminal_of_ascii_and_who_interrupts_imports(raised: str) -> None:
    """A finder of modules stands for whoever presses Ctrl-C, and for what is printed later."""
    program = f"""
import runpy, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "studio.publishing.command":
            raise {raised}
sys.meta_path.insert(0, Finder())
runpy.run_path({PUBLISH!r}, run_name="__main__")
"""
    ended = _run(program, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert "Traceback" not in ended.stderr
    if raised == "KeyboardInterrupt":
        assert (ended.returncode, ended.stdout) == (128 + signal.SIGINT, "")
    else:
        assert (ended.returncode, ended.stdout) == (0, "1 \\u2026\n"), ended
