"""Wheels for the build's machine: by hash, each time, whatever the cache holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sagetabular.errors import UserError
from studio.publishing.bundling.locks import PYTHON, read_lock
from studio.publishing.bundling.wheels import verified, wheels_of
from tests.baking import ROOT
from tests.studio.publishing import digest, lock_of, wheel

PURE, PURE_CONTENT = wheel("pure", "1.0")
BUILT, BUILT_CONTENT = wheel("built", "2.1", "cp312-cp312-manylinux_2_17_x86_64")
LOCK = lock_of({
    "built==2.1": digest(BUILT_CONTENT),
    "pure==1.0 ; python_full_version >= '3.12'": digest(PURE_CONTENT),
    "windows-only==1 ; sys_platform == 'win32'": digest(b"-"),
    "old-python==1 ; python_full_version < '3.12'": digest(b"-"),
    "other-machine==1 ; platform_machine == 'aarch64'": digest(b"-"),
})  # fmt: skip


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let pip find two wheels in a folder, and nothing anywhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / PURE).write_bytes(PURE_CONTENT)
    (folder / BUILT).write_bytes(BUILT_CONTENT)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_wheels_are_downloaded_for_the_machine_of_the_build_once(
    index: Path, tmp_path: Path
) -> None:
    """Lines of a lock for other machines do not count; pip would ask which machine this is."""
    cache = tmp_path / "cache"
    expected = {BUILT: BUILT_CONTENT, PURE: PURE_CONTENT}
    assert wheels_of(LOCK, cache) == expected
    for file in index.iterdir():
        file.unlink()
    assert wheels_of(LOCK, cache) == expected
    assert len([*cache.iterdir()]) == 1


def test_a_wheel_that_was_planted_in_the_index_is_refused(index: Path, tmp_path: Path) -> None:
    (index / PURE).write_bytes(wheel("pure", "1.0", "py2.py3-none-any")[1])
    with pytest.raises(UserError) as refused:
        wheels_of(LOCK, tmp_path / "cache")
    assert "DO NOT MATCH THE HASHES" in refused.value.message
    assert "PIP_INDEX_URL" in refused.value.remedy
    assert [*(tmp_path / "cache").iterdir()] == []


def _planted(folder: Path) -> str:
    (folder / PURE).write_bytes(PURE_CONTENT + b"\0")
    return f"{PURE}: a wheel must have a hash that studio/seed/seed.lock has"


def _renamed(folder: Path) -> str:
    (folder / PURE).rename(folder / "pure-1.1-py3-none-any.whl")
    return "got pure-1.1-py3-none-any.whl too"


def _second(folder: Path) -> str:
    (folder / "pure-1.0-cp312-none-any.whl").write_bytes(PURE_CONTENT)
    return "one wheel for each package"


def _no_wheel(folder: Path) -> str:
    (folder / "pure-1.0.tar.gz").write_bytes(b"")
    return "got pure-1.0.tar.gz too"


def _removed(folder: Path) -> str:
    (folder / BUILT).unlink()
    return "lacks wheels of studio/seed/seed.lock: built==2.1."


@pytest.mark.parametrize("spoil", [_planted, _renamed, _second, _no_wheel, _removed])
def test_a_spoilt_cache_is_refused(tmp_path: Path, spoil: Callable[[Path], str]) -> None:
    wanted = read_lock(LOCK, "studio/seed/seed.lock")
    (tmp_path / PURE).write_bytes(PURE_CONTENT)
    (tmp_path / BUILT).write_bytes(BUILT_CONTENT)
    assert set(verified(tmp_path, wanted)) == {PURE, BUILT}
    expected = spoil(tmp_path)
    with pytest.raises(UserError) as refused:
        verified(tmp_path, wanted)
    assert expected in refused.value.message
    assert refused.value.remedy == f"Remove the folder {tmp_path}: it is downloaded anew."


@pytest.mark.parametrize(
    "line", ["pure>=1.0 --hash=sha256:" + "0" * 64, "pure==1.0", "-r other.txt", "pure @ file:///x"]
)
def test_a_lock_pins_each_package_by_version_and_hash(line: str) -> None:
    with pytest.raises(UserError, match="one version and its hashes") as refused:
        read_lock(f"{line}\n", "studio/seed/seed.lock")
    assert line.split(" --", maxsplit=1)[0] in refused.value.message
    assert "make lock" in refused.value.remedy


def test_a_package_without_a_wheel_for_the_build_is_an_error(index: Path, tmp_path: Path) -> None:
    """pip would take the source, whose build runs whatever it holds."""
    (index / BUILT).rename(index / BUILT.replace("x86_64", "aarch64"))
    with pytest.raises(UserError, match=r"built==2\.1"):
        wheels_of(LOCK, tmp_path / "cache")


@pytest.mark.slow
def test_the_seeds_wheels_are_all_that_its_build_installs(tmp_path: Path) -> None:
    """Asked of uv, which decides for another machine by itself; downloaded once, as published."""
    lock = ROOT / "studio/seed/seed.lock"
    found = wheels_of(lock.read_text(encoding="utf-8"), ROOT / "build/studio/wheels")
    for name, content in found.items():
        (tmp_path / name).write_bytes(content)
    options = ["--no-config", "--offline", "--no-index", "--find-links", str(tmp_path), "--dry-run"]
    machine = ["--python-platform", "x86_64-manylinux_2_34", "--python-version", PYTHON]
    command = [str(Path(sys.executable).with_name("uv")), "pip", "install", *options, *machine]
    result = subprocess.run(
        [*command, "--target", tmp_path / "target", "--require-hashes", "-r", lock],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert f"Would install {len(found)} packages" in result.stderr
