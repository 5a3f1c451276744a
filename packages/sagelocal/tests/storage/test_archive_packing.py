from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from sagelocal.errors import StorageError
from sagelocal.storage.archives import pack, unpack


def write(folder: Path, names: list[str]) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"content of {name}")
    return folder


def test_equal_content_gives_equal_bytes_whatever_the_order_times_and_modes(tmp_path: Path) -> None:
    names = ["b", "a/c", "a/b", "z"]
    first, second = write(tmp_path / "1", names), write(tmp_path / "2", names[::-1])
    os.utime(second / "b", (1, 1))
    (second / "z").chmod(0o600)
    pack(first, tmp_path / "first.tar.gz")
    pack(second, tmp_path / "deeper" / "second.tar.gz")
    packed = (tmp_path / "first.tar.gz").read_bytes()
    assert packed == (tmp_path / "deeper" / "second.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "first.tar.gz") as tar:
        assert tar.getnames() == sorted(names)
    (second / "z").write_text("other")
    pack(second, tmp_path / "third.tar.gz")
    assert packed != (tmp_path / "third.tar.gz").read_bytes()


def test_what_was_packed_unpacks(tmp_path: Path) -> None:
    names = ["ünïcode", "a/b/c", "empty"]
    pack(write(tmp_path / "in", names), tmp_path / "x.tar.gz")
    unpack(tmp_path / "x.tar.gz", tmp_path / "out")
    found = {path.relative_to(tmp_path / "out").as_posix(): path.read_text()
             for path in (tmp_path / "out").rglob("*") if path.is_file()}  # fmt: skip
    assert found == {name: f"content of {name}" for name in names}


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    "members",
    [
        [entry("../escaped")],
        [entry("/escaped")],
        [entry("..\\escaped")],
        [entry("fine"), entry("link", tarfile.SYMTYPE, "fine")],
        [entry("a/../../escaped")],
        [entry("link", tarfile.SYMTYPE, "..")],
        [entry("link", tarfile.SYMTYPE, "/etc")],
        [entry("link", tarfile.LNKTYPE, "../secret")],
        [entry("pipe", tarfile.FIFOTYPE)],
        [entry("device", tarfile.CHRTYPE)],
    ],
)
def test_an_archive_that_would_leave_its_folder_is_refused(
    tmp_path: Path, members: list[tarfile.TarInfo]
) -> None:
    (tmp_path / "secret").write_text("secret")
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO())
    with pytest.raises(StorageError, match=r"x\.tar\.gz cannot be unpacked"):
        unpack(tmp_path / "x.tar.gz", tmp_path / "inner" / "out")
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize("damage", [b"", b"not an archive", None])
def test_a_damaged_archive_is_refused(tmp_path: Path, damage: bytes | None) -> None:
    pack(write(tmp_path / "in", [str(number) for number in range(50)]), tmp_path / "x.tar.gz")
    whole = (tmp_path / "x.tar.gz").read_bytes()
    (tmp_path / "x.tar.gz").write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    with pytest.raises(StorageError):
        unpack(tmp_path / "x.tar.gz", tmp_path / "out")


def test_a_missing_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        unpack(tmp_path / "none.tar.gz", tmp_path / "out")
